/* A message in work: claimed, its log read, its recipients resolved, its jobs handed to their hops. */
#ifndef RUN_TASK_H
#define RUN_TASK_H

#include "run/state.h"

enum task_claim {
	TASK_CLAIMED,
	TASK_BUSY, /* somebody else has it, or it is gone */
	TASK_LEFT, /* damaged, partial, no way to read it now, or not to be sent yet */
};

/* Claims the message and reads its log. */
enum task_claim task_claim(runner *, const queue_name *, task **);
/* Resolves its recipients. Results of other runs must have been read (results_refresh) since the claim
 * where task.again is set. */
void task_route(runner *, task *);
/* Hands out its jobs, or parks it. The task is then the runner's. */
void task_go(runner *, task *, const queue_name *);
task *task_find(runner *, span id);
/* One recipient's job is through; the task is settled at the next settle_all(). */
void task_result(runner *, task *, size_t n, const status *,
		 const remote_mta *by); /* `by` may be NULL */
void task_touch(runner *, task *);
/* Drops the claim and forgets the task; the file is left as it is. */
void task_close(runner *, task *);
/* An event of one recipient in the log. */
void task_log(task *, const char *event, size_t n, const status *);

#endif
