/* From recipients to jobs: asks the resolver, expands aliases. */
#ifndef RUN_ROUTE_H
#define RUN_ROUTE_H

#include "run/state.h"

/* Fills t->rcpts for every recipient that is not final: WAITS with a hop (not yet pushed), or DONE
 * with a status. Expansions are written to the log and t->expanded is set: nothing may be acted on
 * before route_confirm() has made them durable. Where it cannot, nobody is tried this time. */
void route_task(runner *, task *);
void route_confirm(task *);

#endif
