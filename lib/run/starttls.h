/* TLS as the processes of a server have it: tls-wrap executed them, or it serves hand-overs for them, or there is none. */
#ifndef RUN_STARTTLS_H
#define RUN_STARTTLS_H

#include "auth/login.h"
#include "net/handover.h"

/* Before anything is forked: where control/tls is, and TLS is not there already, starts tls-wrap. What is wrong is in the
 * log; STARTTLS is then not offered. `listening`: fd 0 is a listening socket. */
void starttls_open(tls_service *, bool listening);
/* In a pair. Clears the variables of a TLS that is not its clients'. */
enum login_tls starttls_state(const tls_service *, bool listening);
/* Hands the connection over. The plaintext end, with idle_ms as its time-out of reads, and the facts in the environment
 * too; -1: it is in the log, with the client's address. */
int starttls_begin(tls_service *, int connection, const char *alpn, int idle_ms, const char *ip,
		   tls_facts *);

#endif
