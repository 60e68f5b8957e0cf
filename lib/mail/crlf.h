/* A message as it stands on disk → as it goes over the wire: CRLF at the ends of its lines. Pure, in any number of chunks. A file
 * with CRLF line ends stays as it is; NULs, other control octets and 8-bit octets too. */
#ifndef MAIL_CRLF_H
#define MAIL_CRLF_H

#include "base/span.h"

typedef struct crlf {
	bool dots;    /* a dot at the start of a line is doubled (RFC 1939, 3) */
	bool in_line; /* octets of the current line have been written */
	bool cr;      /* the last of them is a CR */
} crlf;

enum { CRLF_ROOM = 4 };

/* Takes octets off the front of *from and writes at most `room` (>= CRLF_ROOM) octets; returns how many. Call until
 * from->n is 0. */
size_t crlf_some(crlf *, span *from, char *to, size_t room);
/* Octets that the chunk has on the wire; *cr: the last octet before it was a CR, and then the last one of it. LFs in *lines,
 * where it is not NULL, are added. */
uint64_t crlf_size(span chunk, bool *cr, uint64_t *lines);

#endif
