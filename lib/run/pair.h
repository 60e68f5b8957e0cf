/* A pair: this process becomes the keeper, a child of it the talker (design: who parses the network touches no
 * file). */
#ifndef RUN_PAIR_H
#define RUN_PAIR_H

#include "run/prefork.h"

/* Serves fds 0 and 1 (SMTP, or LMTP), or with `listening` connections of the listener on fd 0, until the talker ends. *in_talker
 * tells the caller, which must then exit at once with the returned code, that it is the talker. The keeper returns
 * the talker's exit code. */
int pair_run(bool listening, bool lmtp, const prefork_slot *, bool *in_talker);

#endif
