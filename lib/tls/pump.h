/* Octets to and fro between a TLS connection and the plaintext of its program. */
#ifndef TLS_PUMP_H
#define TLS_PUMP_H

#include "tls/libssl.h"

/* Non-blocking descriptors. The network's two may be one, and so may the program's. */
typedef struct pump {
	tls_conn *conn;
	int net_in, net_out;
	int to_program, from_program;
	/* Another descriptor of the program's end of to_program, where from_program is a socket of its own; else -1. An
	 * octet that is sent from there and not read makes the kernel reset the program's input when to_program is
	 * closed: its read fails with ECONNRESET, behind all that came before. */
	int poison;
	bool cut;	 /* out: the peer's octets ended without close_notify */
	const char *why; /* out: what was wrong; NULL: nothing */
} pump;

/* Until the program has closed and heard out, or the connection is lost. Closes to_program and poison. */
void pump_run(pump *);
/* Waits for the next step of a handshake. false at the deadline of clock_ms(). */
bool pump_wait(const pump *, enum tls_result, int64_t deadline);

#endif
