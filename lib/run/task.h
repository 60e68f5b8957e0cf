/* A message in work: claimed, its log read, its recipients resolved, its jobs handed to their hops. */
#ifndef RUN_TASK_H
#define RUN_TASK_H

#include "run/state.h"

enum task_start {
	TASK_STARTED, /* in work, or already through */
	TASK_BUSY,    /* somebody else has it, or it is gone */
	TASK_LEFT,    /* not tried: parked, damaged, partial, or no way to read it now */
};

enum task_start task_start(runner *, const queue_name *);
task *task_find(runner *, span id);
/* One recipient's job is through; the task is settled at the next settle_all(). */
void task_result(runner *, task *, size_t n, const status *);
void task_touch(runner *, task *);
/* Drops the claim and forgets the task; the file is left as it is. */
void task_close(runner *, task *);
/* An event of one recipient in the log. */
void task_log(const task *, const char *event, size_t n, const status *);

#endif
