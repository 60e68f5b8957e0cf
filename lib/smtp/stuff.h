/* A message as it stands on disk (LF line ends) → what goes over the wire after DATA: CRLF line
 * ends, dots doubled at the start of a line (RFC 5321, 4.5.2). Pure. Whatever the octets are, no
 * bare CR and no bare LF leaves, and no line but the last one is a single dot: a message cannot
 * smuggle a second one. */
#ifndef SMTP_STUFF_H
#define SMTP_STUFF_H

#include "base/span.h"

enum { STUFF_LINE_MAX = 998 }; /* without its line end (RFC 5321, 4.5.3.1.6) */

/* What one pass over the message shows, in any number of chunks. */
typedef struct stuff_facts {
	uint64_t octets; /* on disk */
	uint64_t wire;	 /* octets of line-ended CRLF text, dots not doubled: SIZE= (RFC 1870, 5) */
	bool eight_bit;	 /* an octet above 0x7f: BODY=8BITMIME */
	bool bare_cr;	 /* a CR that no LF follows; known after stuff_facts_end() */
	bool long_line;	 /* one over STUFF_LINE_MAX octets */
	uint64_t line;	 /* octets of the last line so far */
	bool cr_last, lf_last;
} stuff_facts;

void stuff_look(stuff_facts *, span chunk); /* *facts is zeroed before the first */
void stuff_look_end(stuff_facts *);	    /* counts the line end that a last line lacks */

typedef struct stuff {
	bool in_line; /* octets of the current line have been written */
	bool cr;      /* a CR waits for what follows it */
} stuff;

enum { STUFF_END_ROOM = 6 };

/* Takes octets off the front of *from and writes at most `room` (>= 4) octets; returns how many.
 * Call until from->n is 0. A CR before LF is part of the line end; any other CR becomes a blank. */
size_t stuff_some(stuff *, span *from, char *to, size_t room);
/* The end of the last line, if it lacks one, and the final dot. */
size_t stuff_end(stuff *, char to[static STUFF_END_ROOM]);

#endif
