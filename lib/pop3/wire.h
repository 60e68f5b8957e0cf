/* A message as it stands on disk → what goes over the wire behind +OK (RFC 1939, 3): CRLF line ends, a dot doubled at
 * the start of a line. Pure, in any number of chunks. A file with CRLF line ends stays as it is; NUL, other control
 * octets and 8-bit octets too. */
#ifndef POP3_WIRE_H
#define POP3_WIRE_H

#include "base/span.h"

typedef struct pop3_wire {
	bool in_line; /* octets of the current line have been written */
	bool cr;      /* the last of them is a CR */
} pop3_wire;

enum { POP3_WIRE_ROOM = 4, POP3_END_ROOM = 5 };

/* Takes octets off the front of *from and writes at most `room` (>= POP3_WIRE_ROOM) octets; returns how many. Call
 * until from->n is 0. */
size_t pop3_wire_some(pop3_wire *, span *from, char *to, size_t room);
/* The end of the last line, if it lacks one, and the final dot. */
size_t pop3_wire_end(pop3_wire *, char to[static POP3_END_ROOM]);

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
