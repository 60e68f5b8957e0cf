/* From recipients to jobs: asks the resolver, expands aliases. */
#ifndef RUN_ROUTE_H
#define RUN_ROUTE_H

#include "run/state.h"

/* Fills t->rcpts for every recipient that is not final: WAITS with a hop (not yet pushed), or DONE with
 * a status. Expansions are in the log, durable, before this returns. */
void route_task(runner *, task *);

#endif
