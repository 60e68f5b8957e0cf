/* The end of an attempt: what came of each recipient is written down, failures are bounced, and the message
 * goes, or waits in later/. */
#ifndef RUN_SETTLE_H
#define RUN_SETTLE_H

#include "run/state.h"

/* All tasks that have had results since the last call. */
void settle_all(runner *);
/* At the end of a run: jobs that no worker got are no attempt. */
void settle_stop(runner *);

#endif
