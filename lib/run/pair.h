/* A pair: this process becomes the keeper, a child of it the talker (design: who parses the network touches no
 * file). */
#ifndef RUN_PAIR_H
#define RUN_PAIR_H

#include "run/crowd.h"
#include "run/prefork.h"
#include "run/starttls.h"

typedef struct pair_options {
	bool listening;	 /* fd 0 is a listening socket */
	bool lmtp;	 /* RFC 2033 */
	bool submission; /* RFC 6409 */
	int gate;	 /* to auth-check, run/auth_gate.h; -1: none */
	crowd crowd;	 /* connections by network */
	tls_service *tls;
} pair_options;

/* Serves fds 0 and 1, or with `listening` connections of the listener on fd 0, until the talker ends. *in_talker
 * tells the caller, which must then exit at once with the returned code, that it is the talker. The keeper returns
 * the talker's exit code. */
int pair_run(const pair_options *, const prefork_slot *, bool *in_talker);

#endif
