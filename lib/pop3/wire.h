/* What goes over the wire behind +OK (RFC 1939, 3), of what mail/crlf.h makes of a message with its dots doubled. */
#ifndef POP3_WIRE_H
#define POP3_WIRE_H

#include "mail/crlf.h"

enum { POP3_END_ROOM = 5 };

/* The end of the last line, if it lacks one, and the final dot. */
size_t pop3_wire_end(const crlf *, char to[static POP3_END_ROOM]);

/* TOP: where a message ends for it. */
typedef struct pop3_top {
	uint64_t lines; /* of the body, that are left */
	bool in_body;
	uint64_t line; /* octets of the current line so far */
	bool cr;       /* the only one of them is a CR */
	bool done;
} pop3_top;

/* The octets of the chunk that belong to the answer; all of it unless `done` is set. */
size_t pop3_top_some(pop3_top *, span chunk);

#endif
