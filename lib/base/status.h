/* The outcome of a step, in the four languages that a mail system speaks at once: the exit code
 * (sysexits.h, design of the exit codes in pabal-contract(7)), the SMTP reply (RFC 5321, 4.2), the
 * enhanced status code (RFC 3463) and words for a person. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stdbool.h>
#include <sysexits.h>

#include "base/span.h"

enum {
	EX_NOMATCH = 1,  /* predicates, as grep */
	EX_HANDLED = 99, /* filters in thru(1): handled, stop */
	EX_QPERM = 100,  /* a permanent failure in the words of qmail's agents */
};

typedef struct status {
	int code;          /* EX_* */
	int reply;         /* SMTP reply code, 0 where none fits */
	char enhanced[12]; /* "5.1.1" or "" */
	char text[492];    /* printable, one line, may be "" */
} status;

/* `text` is cut at its capacity; octets that are not printable ASCII or UTF-8 become '?'. */
status status_make(int code, int reply, const char *enhanced, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same from octets; what does not fit is cut. */
status status_said(int code, int reply, span enhanced, span words);
status status_ok(void);
/* 75, 451, "4.3.0": the answer to any doubt. */
status status_doubt(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

bool status_is_ok(const status *);        /* code 0 */
bool status_is_permanent(const status *); /* a code that bounces; all else that is not 0 defers */

/* What another program's exit code means. From an agent 65 67 68 69 76 77 100 are permanent, from a
 * filter or a policy 65 and 77; everything else but 0 is temporary. Returns EX_OK, 75, or the code. */
int status_from_agent(int exit_code);
int status_from_filter(int exit_code);

/* Takes "x.y.z words" apart: the enhanced code at the start of a line, if there is one. */
bool status_enhanced(span line, span *enhanced, span *words);

/* An SMTP reply as a status: 2yz is EX_OK, 4yz is 75, 5yz is 69 (67 for 550 5.1.1). */
status status_from_reply(int reply, span text);

#endif
