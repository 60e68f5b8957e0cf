/* One mail transaction from the client's side (RFC 5321, 3.3) as a state machine without I/O: it
 * says what to write and is told the replies, in order. With PIPELINING (RFC 2920) it gives MAIL,
 * the RCPTs and DATA as one group, in groups of TXN_GROUP commands, so that neither side's window
 * can fill with both writing. A refused recipient never harms the others. */
#ifndef SMTP_TXN_H
#define SMTP_TXN_H

#include "base/str.h"
#include "smtp/reply.h"

enum { TXN_GROUP = 50 };

typedef struct txn_rcpt {
	span address;	/* as on the wire, without brackets */
	span params;	/* of RCPT, as in the envelope */
	char host[320]; /* "mx.example[192.0.2.1]": the last one that was asked; "" none */
	bool dsn;	/* it was given NOTIFY and ORCPT */
	status st;	/* the outcome, once `done` */
	bool accepted;	/* RCPT got 2yz */
	bool done;
	bool again; /* temporary, and trying at once makes sense: elsewhere where the connection is
		     * lost, or in the next transaction where the server takes so many at a time */
} txn_rcpt;

enum txn_step { /* what is awaited, for the time-outs */
		TXN_RSET,
		TXN_MAIL,
		TXN_RCPT,
		TXN_DATA,
		TXN_CONTENT,  /* nothing: the message is to be written, then txn_content_sent() */
		TXN_DOT,      /* the reply to the final dot */
		TXN_DOT_ONLY, /* the same for an empty message that nobody gets (RFC 2920, 3.1) */
		TXN_OVER,
};

typedef struct txn {
	span sender, params; /* of MAIL: path without brackets; " SIZE=… BODY=…" or "" */
	txn_rcpt *rcpts;     /* borrowed */
	size_t count;
	bool pipelining;
	bool dsn,
	    utf8; /* set behind txn_begin(): the server takes NOTIFY and ORCPT, and UTF-8 in them */
	bool
	    lmtp; /* set behind txn_begin(): a reply to the dot for each accepted recipient (RFC 2033) */
	bool reset;	       /* RSET comes first */
	size_t sent, answered; /* commands: 0 RSET, 1 MAIL, 2… RCPT, count + 2 DATA */
	enum txn_step step;
	bool mail_refused;
	status refusal; /* of MAIL */
	bool open;	/* the server holds a transaction that did not end: RSET before the next */
	bool gone; /* 421, or replies that make no sense: the connection is of no use any more */
} txn;

/* `reset`: an earlier transaction of this connection is still open. rcpts[] that are `done` already
 * must not be among them; count > 0. */
void txn_begin(txn *, span sender, span params, txn_rcpt *rcpts, size_t count, bool pipelining,
	       bool reset);
/* Appends those of the parameters `given` whose keyword is one of the two (RFC 3461): " KEY=VALUE". One with octets
 * above 0x7f is left out unless `utf8`. */
void txn_put_params(str *to, span given, span one, span other, bool utf8);
/* Appends what can be sent now; nothing where a reply must come first. */
void txn_commands(txn *, str *to);
/* The next reply, complete. */
void txn_reply(txn *, const reply *);
/* In TXN_CONTENT: the message with its final dot has been written. */
void txn_content_sent(txn *);
/* The connection is lost or too slow: all that are not done get `why`. While the reply to the final
 * dot is awaited nobody knows whether the message was taken: then not `again`. */
void txn_lost(txn *, const status *why);

#endif
