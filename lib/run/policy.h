/* The operator's policy: programs in control/policy/STAGE/, executed in the order of their names, the facts in their
 * environment. No shell, no arguments; what the network said is only ever a value. */
#ifndef RUN_POLICY_H
#define RUN_POLICY_H

#include "base/arena.h"
#include "base/status.h"
#include "smtp/server.h"

typedef struct policy {
	char **programs[STAGES]; /* absolute paths, NULL at the end; NULL: none */
	int seconds;		 /* for one of them */
} policy;

/* What is there now, in the arena. false with *wrong: it cannot be read. Names that start with a dot or end with '~', and
 * what is not executable, are not taken. */
bool policy_read(policy *, arena *, const char **wrong);
unsigned policy_stages(const policy *); /* bits */
const char *policy_name(enum smtp_stage);

/* All programs of a stage, until one does not exit 0: ok; for 65 and 77 a 5yz, for 75 450, for all else, time-out and
 * signals too, a doubt. The words are the last line of its fd 2, which may begin with an enhanced code. `message` is its
 * fd 0, at its start; -1: none. */
status policy_run(const policy *, enum smtp_stage, int message);

#endif
