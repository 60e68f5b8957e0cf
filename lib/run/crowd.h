/* How many connections of a server each network has, in memory that its processes share: no network gets all of them. */
#ifndef RUN_CROWD_H
#define RUN_CROWD_H

#include "run/prefork.h"

typedef struct crowd {
	volatile uint64_t *networks; /* one a pair, 0: none; NULL: not counted */
	size_t max;		     /* connections of one network */
} crowd;

/* In the parent, before it forks. */
bool crowd_open(crowd *, size_t max);
/* In a pair: it has no connection yet; it has one of this network (0: not counted). false: there are `max` already. */
void crowd_leave(const crowd *, const prefork_slot *);
bool crowd_enter(const crowd *, const prefork_slot *, uint64_t network);
void crowd_close(crowd *); /* a process that has nothing more to do with it */

#endif
