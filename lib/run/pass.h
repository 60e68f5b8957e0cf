/* One round: drop/ is copied in, what is due is looked up, and as many messages are claimed as may be in
 * work. */
#ifndef RUN_PASS_H
#define RUN_PASS_H

#include "run/state.h"

/* Becomes the holder (runner.c), if nobody else is. */
void pass_hold(runner *);
void pass_round(runner *);
void pass_claim(runner *);
/* Puts the IDs of the command line into runner.todo; how many are not in the queue (told on fd 2). */
size_t pass_ids(runner *);

#endif
