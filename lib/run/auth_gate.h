/* auth-check must become mailauth, who alone reads passwd; the keepers of smtp-recv are mailq and cannot make it so. Where
 * the four owners exist a server that root starts leaves one process behind that can: it executes auth-check for all of
 * its keepers, and does nothing else. It ends when the last of them has. */
#ifndef RUN_AUTH_GATE_H
#define RUN_AUTH_GATE_H

#include <stdbool.h>

/* In root's process, before it becomes another user. *gate is the socket to it, O_CLOEXEC, to be inherited by forks. false
 * with errno. */
bool auth_gate_start(int *gate);
/* Has auth-check executed for the client `ip` ("" unknown) with these as its descriptors 0 and 1 (copies go along). Where
 * it ends, its exit code is one octet on `exit_to`. false with errno. */
bool auth_gate_ask(int gate, const char *ip, int input, int output, int exit_to);

/* auth-check keeps its counts in PABAL_RUN/auth, and cannot make that in a folder that is another's: root does. */
void auth_gate_make_run(void);

#endif
