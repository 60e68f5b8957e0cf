/* The octets between 354 and the end of data (RFC 5321, 4.5.2): CRLF becomes LF, the dot that a
 * client put in front of a line that starts with one is taken off, and the end is CRLF "." CRLF and
 * nothing else. A bare CR or LF is noted, so that the message can be refused *after* its true end:
 * two systems that disagree where a message ends are how mail is smuggled.
 *
 *     state   on CR    on LF                on "."          on another octet
 *     LINE    CR       LF out, bare: PART   DOT             out: PART
 *     PART    CR       LF out, bare: PART   out             out
 *     CR      bare     LF out: LINE         bare, PART      bare, CR and it out: PART
 *     DOT     DOT_CR   ".", LF, bare: PART  "." out: PART   out (dot dropped): PART
 *     DOT_CR  bare: CR END                  bare, PART      bare, CR and it out: PART
 *
 * LINE is the start and what follows CRLF: a bare LF starts no line of the protocol. */
#ifndef SMTP_DATA_H
#define SMTP_DATA_H

#include "base/span.h"

enum data_state { DATA_LINE, DATA_PART, DATA_CR, DATA_DOT, DATA_DOT_CR, DATA_END };

enum {
	DATA_SLACK = 2
}; /* octets that a piece may grow by: a CR, or a dot, held back from the one before */

typedef struct data {
	enum data_state state; /* DATA_LINE (0) at first */
	bool bare_cr, bare_lf; /* seen somewhere so far */
	bool chunk;	       /* of BDAT: no dots, no end mark; `state` is DATA_PART at first */
	uint64_t wire;	       /* octets of message on the wire so far: no stuffing, no end mark */
} data;

/* Converts *from, up to the end of data, into `to` (room for from->n + DATA_SLACK octets; it may
 * not overlap) and returns the count of octets written. *from is what follows the end of data;
 * empty before it. A bare LF is written as it is. */
size_t data_convert(data *, span *from, char *to);

#endif
