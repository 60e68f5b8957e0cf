/* The worker contract (queue/job.h) for agents that take one job after the other. */
#ifndef RUN_AGENT_H
#define RUN_AGENT_H

#include "queue/job.h"

/* One job: the message is open at `fd`, from j->offset to the end, to be read by pread(2) only. */
typedef status agent_deliver(void *arg, const job *, int fd);

/* Jobs on fd 0, results to fd 1, until the end of the jobs. False with errno where they cannot be read, or a result not be
 * written: what has no result counts as not done. */
bool agent_work(agent_deliver *, void *arg);

/* The one job that the environment describes (SENDER, RECIPIENT, QUEUE_ID, ATTEMPT), with the message on fd 0 from its offset and
 * `dest` as the destination. What is malformed in it is left out. */
status agent_single(agent_deliver *, void *arg, const char *dest);

#endif
