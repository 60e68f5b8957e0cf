/* The queue runner: one pass over what is due, or a watch that stays. It claims messages, asks the
 * resolver where each recipient goes, groups the jobs by agent and next hop, has workers carry them
 * out, and writes down what they said. pabal-internals(7) has the table of states; runner.c the
 * rationale. */
#ifndef RUN_RUNNER_H
#define RUN_RUNNER_H

#include "base/span.h"

typedef struct runner_options {
	const char *queue; /* path of the queue directory */
	bool stay;	   /* -w */
	bool foreign;	   /* -Q: a queue that another host may write to */
	char *const *ids;  /* try these now, print what happens, and nothing else */
	size_t id_count;
} runner_options;

/* Returns an exit code: 0, or 75 where the queue cannot be worked on or, with IDs, where not every
 * recipient of each was delivered. Blocks SIGTERM, SIGINT and SIGCHLD; the first two end the run
 * after the results of the running workers (at most STOP_SECONDS later). */
int runner_run(const runner_options *);

enum { RUNNER_STOP_SECONDS = 10 };

#endif
