/* The operator's chain for incoming mail (control/recv-chain): one command line, no shell. The message is fd 0, the
 * envelope fd 3. Believed is only exit 0 together with a last line `queued ID` or `dropped REASON` on fd 1. */
#ifndef RUN_CHAIN_H
#define RUN_CHAIN_H

#include "base/status.h"
#include "mail/envelope.h"

enum {
	CHAIN_SECONDS = 540
}; /* a client waits ten minutes for the answer to its final dot (RFC 5321, 4.5.3.2.6) */

/* QUEUE_ID, SENDER and RECIPIENT (the first) of this process's environment. */
bool chain_environment(const envelope *, const char *id);
/* 250 with that line; 554 5.7.1 with the last line of its fd 2 for exit 65 and 77; else 451. `message` is at its
 * start. Sets QUEUE_ID, SENDER and RECIPIENT (the first) in this process's environment. */
status chain_run(char *const argv[], int message, const envelope *, const char *id);

#endif
