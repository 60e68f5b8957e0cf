/* Children that carry out jobs (queue/job.h). A worker inherits the lock descriptors of the
 * messages that it works on, and no others: the claim on a message lasts as long as anybody works
 * on it. */
#ifndef RUN_WORKER_H
#define RUN_WORKER_H

#include <sys/types.h>

#include "base/span.h"

enum { WORKER_ARGS_MAX = 16 };

typedef struct worker_owner {
	bool set; /* become this user before the agent is executed; only root can */
	uid_t uid;
	gid_t gid;
} worker_owner;

/* Starts `AGENT -b` (the agent's words are split at blanks, no shell) with the jobs as fd 0,
 * result_fd as fd 1. Returns the pid, -1 with errno. A program that is not there ends with 75: its
 * jobs are deferred. */
pid_t worker_spawn(span agent, span jobs, int result_fd, const int *locks, size_t lock_count,
		   const worker_owner *);

#endif
