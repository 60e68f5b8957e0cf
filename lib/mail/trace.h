/* Trace fields: Received (RFC 5321, 4.4) and Message-ID (RFC 5322, 3.6.4). What comes from outside
 * is cleaned: nothing in it can end a line, open a comment or start a field. */
#ifndef MAIL_TRACE_H
#define MAIL_TRACE_H

#include "mail/addr.h"

enum { TRACE_MAX = 2048 }; /* octets of a Received field at most */

typedef struct trace {
	span helo;	  /* what the client called itself; "" where it said nothing */
	span remote_host; /* its name by DNS, "" unknown */
	span remote_ip; /* "" where it is no network: the from clause is left out if helo is "" too
			 */
	span me;	/* control/me */
	span proto;	/* SMTP, ESMTP, ESMTPS, ESMTPA, LMTP, local … */
	span id;	/* the queue ID */
	span tls;	/* the cipher suite, by IANA's name (RFC 8314, 4.3); "" none */
	const addr *rcpt; /* the only recipient, else NULL: nobody learns of the others */
	int64_t epoch;
	int zone; /* minutes east of UTC */
} trace;

/* "Received: from HELO (HOST [IP])\n\tby ME with PROTO id ID\n\tfor <RCPT> tls CIPHER; DATE\n", LF line ends,
 * lines of at most 78 characters where the words allow it. */
void trace_received(const trace *, str *to);
/* "<ID@ME>", cleaned. */
void trace_message_id(span id, span me, str *to);

#endif
