/* How much mail a next hop gets at a time. It starts with few workers; each that came back with an answer allows one
 * more, each that could not reach it halves them. One that answers nobody is left alone for control/hop-pause seconds,
 * then twice as long, and so on up to control/hop-pause-largest; what is due meanwhile is deferred with the words
 * of that failure. control/hop-rate limits the messages of a minute. All of it is shared with the other runs
 * of this host (queue/board.h). What an operator asked for by ID goes at once. */
#ifndef RUN_PACE_H
#define RUN_PACE_H

#include "run/state.h"

void pace_open(runner *);
void pace_close(runner *);
/* What is known of a new hop. */
void pace_load(const runner *, hop *);
/* Whether one more worker may be busy with it. */
bool pace_may_run(const runner *, const hop *);
/* Takes those off the hop that are not to be tried now. */
void pace_hold_back(runner *, hop *);
/* How many of `want` messages may go in this minute; those that go beyond it are put off by pace_put_off(). */
size_t pace_grant(const runner *, const hop *, size_t want);
void pace_put_off(runner *, hop *, task *, size_t n);
/* A result of a worker; the end of one. */
void pace_note(worker *, const status *);
void pace_learn(const runner *, hop *, const worker *);

#endif
