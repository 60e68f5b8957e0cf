/* A message to its next hop: MX or the given host, address after address until one takes it (RFC 5321, 5.1),
 * over a connection that is kept for what comes next to the same place. */
#ifndef SMTP_RELAY_H
#define SMTP_RELAY_H

#include "base/arena.h"
#include "net/dns.h"
#include "smtp/client.h"
#include "smtp/sender_map.h"

enum {
	RELAY_SESSIONS = 5, /* connections for one message: a place may keep us waiting at each */
	RELAY_MUTE = 3,	    /* lookups without answer */
	RELAY_BATCH = 100,  /* recipients of one transaction (RFC 5321, 4.5.3.1.8) */
	RELAY_DEAD_MS =
	    30000, /* a place that could not be reached is not tried again for so long */
	RELAY_DEST_MAX = 2048,
};

struct relay_mail;

/* Some recipients of a message on their way through one transaction. */
typedef struct relay_batch {
	const struct relay_mail *of; /* NULL: none */
	txn_rcpt rcpts[RELAY_BATCH];
	size_t index[RELAY_BATCH]; /* of each in of->rcpts */
	size_t count;
	bool last; /* nobody is left behind them */
} relay_batch;

typedef struct relay {
	char me[NET_NAME_ROOM]; /* control/me: the name in EHLO, and what is dropped from MX */
	uint16_t port;		/* where a destination names none */
	bool host_only;		/* destinations are hosts: no MX */
	client_times times;
	dns *dns; /* opened when the first name is looked up */
	client client;
	secure_rules rules;
	tls_service tls;
	char dest[RELAY_DEST_MAX]; /* where the kept connection leads to */
	char host[NET_NAME_ROOM], ip[NET_ADDR_ROOM];
	table *sender_map;	  /* NULL: there is none */
	relay_batch *now, *ahead; /* owned */
	const struct relay_mail *next;
	/* of the current message: addresses tried, connections made, lookups without answer */
	unsigned tried, sessions, mute;
	bool spoke;		   /* some host took the greeting */
	char dead[RELAY_DEST_MAX]; /* the last place that could not be reached at all */
	int64_t dead_until;	   /* of clock_ms() */
	status dead_why;
} relay;

/* `most`: the cap of the time-outs in milliseconds, 0 for none. Temporary where control/me cannot be
 * used: the operator's mistake, which defers. */
status relay_open(relay *, int most);
void relay_close(relay *); /* QUIT to the kept connection */
void relay_rest(relay *);  /* the same; the relay can be used again */

typedef struct relay_mail {
	outgoing *message;
	span id;     /* for the log; "" unknown */
	span sender; /* relay_address() */
	span params; /* of MAIL, as in the envelope; "" where nothing is known */
	txn_rcpt *rcpts;
	size_t count;
	bool routed; /* the operator named the destination; it is not the recipient's own domain */
} relay_mail;

/* Every recipient is `done` afterwards, and each outcome is logged. `dest` is a list of nexthop.h: one after the other, as
 * long as somebody is left whom another may still take. */
void relay_send(relay *, span dest, const relay_mail *);
/* What will come with the next call, to the same destination; it lives until then. NULL: not known. */
void relay_next(relay *, const relay_mail *);

/* By control/sender-map, for a destination that gets mail over SMTP: the sender, as text, and the message, which then is in *copy
 * from its start (-1: it stays as it is; else to be closed). EX_OK or temporary. */
status relay_map_sender(relay *, span dest, arena *, span *sender, int fd, off_t offset, int *copy);

/* An address as text (no brackets) → what stands between the brackets on the wire: quoted where it must
 * be, the domain with A-labels unless the local part needs SMTPUTF8 anyway. In the arena; false where it
 * is no address. "" is the null sender. */
bool relay_address(span text, arena *, span *wire);

#endif
