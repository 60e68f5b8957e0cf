/* Workers: started for hops that have jobs, within the limits; their ends and their results. */
#ifndef RUN_DISPATCH_H
#define RUN_DISPATCH_H

#include "run/state.h"

void dispatch_start(runner *); /* as many workers as may run now */
/* Reads the results that have come and takes note of workers that have ended: jobs that they gave no line
 * for are deferred. Tasks are touched, not settled. */
void dispatch_collect(runner *);
#endif
