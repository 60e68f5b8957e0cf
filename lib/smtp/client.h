/* An SMTP session from the client's side: greeting, EHLO or HELO, any number of transactions, QUIT.
 * It returns; what it learned is in statuses. Blocking, under the time-outs of RFC 5321, 4.5.3.2.
 */
#ifndef SMTP_CLIENT_H
#define SMTP_CLIENT_H

#include "auth/answer.h"
#include "io/in.h"
#include "io/out.h"
#include "net/handover.h"
#include "smtp/caps.h"
#include "smtp/outgoing.h"
#include "smtp/secure.h"
#include "smtp/txn.h"

enum { CLIENT_ADDRESS_MAX = 512 }; /* octets of an address in a command; longer ones are 5.1.3 */

/* Milliseconds. Each is the wait for one whole reply; `block` for one write, `rest` for how
 * long a connection is kept without use. */
typedef struct client_times {
	int lookup, connect, greeting, hello, mail, rcpt, data, block, dot, quit, rest;
} client_times;

/* The table, none above `most` milliseconds (0: no cap). */
client_times client_times_make(int most);

/* A message for recipients that have no outcome yet. */
typedef struct client_mail {
	outgoing *message;
	span sender, params; /* of MAIL, as in the envelope */
	txn_rcpt *rcpts;
	size_t count;
} client_mail;

typedef struct client {
	int fd; /* -1: no connection */
	in in;
	out out;
	client_times times;
	smtp_caps caps;
	reply reply; /* the last one */
	str commands;
	/* for client_start(), borrowed until the session ends */
	bool lmtp; /* RFC 2033 */
	bool private; /* nobody listens on the way: loopback, a Unix socket, TLS with who it should be */
	answerer *logins; /* NULL: there are none */
	span login_user;  /* that the route names; "" none */
	span login_host;  /* as the operator calls it */
	tls_service *tls; /* NULL: there is none */
	enum secure_level level;
	const char *tls_name; /* whose certificate it should be */
	bool no_tls;	      /* out: client_start() failed for want of TLS alone */
	char tls_used[32];    /* for the log; "" none */
	int scratch;	      /* for messages in 7 bits (outgoing.h); borrowed; -1: none */
	client_mail next;     /* is sent behind the current message; .rcpts NULL: not known */
	txn ahead;	      /* its transaction, begun with the end of the current one … */
	bool ahead_begun;     /* … where this is set */
	bool open;	      /* a transaction that did not end: RSET comes first */
	bool seven;	      /* the last message went out in 7 bits */
	size_t messages;      /* transactions so far */
} client;

void client_init(client *, const client_times *);
void client_free(client *); /* closes without QUIT */

/* Takes the connected descriptor over; `hello` is the name of this host. EX_OK, or a status about
 * this host of theirs: temporary, but for 521 (RFC 7504), and the connection is closed. A login that
 * is needed and not possible, or refused, is temporary always: it is the operator's to mend. So is TLS (RFC 3207). */
status client_start(client *, int fd, span hello);
bool client_up(const client *);

/* One transaction: every recipient is `done` after it. Where the server has no 8BITMIME the message goes out in
 * 7 bits; 5.6.3 where that cannot be done. `*unsure` is set where the reply to the
 * final dot was lost, so that the next attempt may make a second copy. The connection may be gone
 * afterwards.
 *
 * `next`, or NULL: what surely comes in the next call, over this connection if it is still up then. With PIPELINING its MAIL, RCPT and
 * DATA go out with the end of this message (RFC 2920, 3.1), which saves it a round trip. */
void client_send(client *, const client_mail *, const client_mail *next, bool *unsure);

/* QUIT, without waiting longer than times.quit for the answer, and close. */
void client_quit(client *);

#endif
