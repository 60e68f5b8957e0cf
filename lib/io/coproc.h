/* A program that answers a line for a line and stays alive between them (tables that are
 * executables, pabal-tables(5)). Any irregularity ends it; the next question starts it anew. */
#ifndef IO_COPROC_H
#define IO_COPROC_H

#include "base/arena.h"
#include "base/span.h"

typedef struct coproc coproc;

coproc *coproc_new(const char *path); /* nothing is started yet; the path is copied */
void coproc_free(coproc *);	      /* its input is closed, it is waited for, then killed */

/* One question without its LF, one answer without its LF, copied into the arena. At most 64 KiB and
 * COPROC_MS milliseconds. False with *error: it does not start, exits, is late, answers what was
 * not asked. A forked child of the process that started it starts one of its own. */
enum { COPROC_MS = 10000, COPROC_ANSWER_MAX = 65536 };
bool coproc_ask(coproc *, span question, arena *, span *answer, const char **error);
void coproc_deadline(coproc *, int milliseconds); /* another time-out, for tests */

#endif
