/* Next hops: their waiting jobs, and which of them may have a worker now. */
#ifndef RUN_HOP_H
#define RUN_HOP_H

#include "run/state.h"

/* The hop of this agent and destination ("" for Maildirs), made where it is new. */
hop *hop_get(runner *, span agent, span dest, bool local, const worker_owner *);
/* Has so many messages waiting that more had better stay unclaimed. */
bool hop_full(const hop *);
void hop_push(runner *, hop *, task *, size_t n);
/* Leaves the message unclaimed until the hop has room. */
void hop_park(hop *, const queue_name *);
/* Parked names that have room now go to runner.todo; a hop that has nothing any more is freed. */
void hop_settle(runner *, hop *);
void hop_make_ready(runner *, hop *);
hop *hop_next_ready(runner *);
/* Whether a worker may be started for it. */
bool hop_may_run(const runner *, const hop *);
/* After so long another worker may help. */
int hop_slow_ms(const hop *);
void hop_free_all(runner *);

#endif
