/* Octets of a message as a literal: CRLF at the ends of lines, the exact count before them. Memory is flat. */
#ifndef IMAP_LITERAL_H
#define IMAP_LITERAL_H

#include "io/out.h"

enum { IMAP_LITERAL_ROOM = 128 * 1024 };

/* A place in a text: octets as they are stored, and on the wire. */
typedef struct imap_mark {
	uint64_t at, wire;
	bool cr; /* the octet before it is a CR */
} imap_mark;

/* "{n}", CRLF, n octets; `buf` has IMAP_LITERAL_ROOM octets. */
void imap_literal_put(out *, char *buf, span text);
/* The same of the octets [from, from + count) of the wire form, as many as there are. *mark is a place at or before `from` where
 * that is known (zeros: the start), and then the place at the end of what was written: a client that comes for the
 * next piece costs no more than that piece. */
void imap_literal_part(out *, char *buf, span text, uint64_t from, uint64_t count, imap_mark *mark);

#endif
