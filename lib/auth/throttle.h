/* Failed logins, counted by the client's network (an IPv4 address, a /64 of IPv6) in PABAL_RUN/auth/failures. From
 * the third on each further attempt of that network, right or wrong, gets a turn of its own, half a second after the
 * one before, then one second, up to eight. Others wait for nothing. Half of the failures are forgotten every ten
 * minutes. The file may be deleted at any time. */
#ifndef AUTH_THROTTLE_H
#define AUTH_THROTTLE_H

#include "base/span.h"

enum {
	THROTTLE_FREE = 3, /* failures that cost nothing */
	THROTTLE_STEP_MS = 500,
	THROTTLE_DELAY_MAX_MS = 8000,
	THROTTLE_WAIT_MAX_MS = 20000, /* longer than this nobody waits: the attempt is not made */
	THROTTLE_HALF_S = 600,
};

/* The network of an address; 0: none (a pipe), which is never slowed. */
uint64_t throttle_network(const char *ip);

/* Takes a turn at `now_ms` (of the wall clock): the milliseconds to wait for it; -1: too many wait already, say "try
 * again later". 0 where the file cannot be used: a login never fails for that. */
int throttle_turn(uint64_t network, int64_t now_ms);
void throttle_failed(uint64_t network, int64_t now_ms);

#endif
