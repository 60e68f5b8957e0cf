/* The retry clock: when a deferred message is tried again, and when it is given up. Pure functions
 * over a few control numbers (pabal-control(5)). Steps grow from `first` by `growth` percent up to
 * `largest`; the message's ID shortens all of its steps by the same 0 to `jitter` percent, so that messages
 * that were deferred together do not come back together. */
#ifndef QUEUE_RETRY_H
#define QUEUE_RETRY_H

#include "base/span.h"

enum {
	RETRY_FIRST = 300,	    /* control/retry-first, seconds */
	RETRY_GROWTH = 200,	    /* control/retry-growth, percent of the step before */
	RETRY_LARGEST = 4 * 3600,   /* control/retry-largest, seconds */
	RETRY_LIFETIME = 5 * 86400, /* control/retry-lifetime, seconds (RFC 5321, 4.5.4.1) */
	RETRY_JITTER = 24,	    /* control/retry-jitter, percent */
	RETRY_ATTEMPTS = 10,	    /* control/retry-attempts */
	RETRY_WARNING = 4 * 3600,   /* control/delay-warning, seconds; 0: never */
	RETRY_WARN_ATTEMPTS = 3,
};

typedef struct retry_clock {
	int64_t first, largest, lifetime; /* seconds */
	int64_t warning;		  /* seconds; 0: none */
	unsigned growth;		  /* percent, 100 or more */
	unsigned jitter;		  /* percent, below 100 */
	unsigned attempts;
} retry_clock;

retry_clock retry_default(void);
/* With what the control files say. false (errno set) and *name the file that is no number or out of
 * range: an operator's mistake, *c then holds the default of that number. */
bool retry_read(retry_clock *c, const char **name);

/* When a message that was tried `attempts` times (1 or more), now for the last time, is due again.
 */
int64_t retry_next(const retry_clock *, span id, size_t attempts, int64_t now);
/* Whether TIME of a name has come. One further away than the largest step was written by a clock
 * that was wrong, or is read by one: it is due now. */
bool retry_due(const retry_clock *, int64_t time, int64_t now);
/* Giving up needs age and attempts: a clock that jumped, or a machine that was off for a week,
 * bounces nothing. */
bool retry_give_up(const retry_clock *, int64_t arrived, size_t attempts, int64_t now);
/* Whether the sender of a message that is deferred once more is to hear of the delay. Not before the
 * third attempt, for the same reason. */
bool retry_warn(const retry_clock *, int64_t arrived, size_t attempts, int64_t now);

#endif
