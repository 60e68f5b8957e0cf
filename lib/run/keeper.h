/* The keeper of an SMTP session: it never sees the protocol, it answers the talker's records (run/talk.h):
 * resolves recipients, decides what is relayed, keeps messages. It believes nothing that the talker says of the
 * client: the connection itself is passed, the envelope is parsed again, the limits are applied again. */
#ifndef RUN_KEEPER_H
#define RUN_KEEPER_H

#include "net/ucspi.h"
#include "queue/qadd.h"
#include "queue/room.h"
#include "resolve/resolve.h"
#include "run/login_try.h"
#include "run/policy.h"
#include "run/starttls.h"
#include "smtp/server.h"

/* A list of networks. */
typedef struct nets {
	span *entries;
	size_t count;
} nets;

/* Whether an address is in one of them; no address at all, of a pipe, is this machine. */
bool nets_match(const nets *, const char *ip);

typedef struct keeper_config {
	smtp_limits limits; /* limits.me is "" where control/me is missing */
	nets relay_nets;    /* control/relay-nets */
	nets xclient_nets, xforward_nets;
	char **
	    chain; /* control/recv-chain, split at blanks, NULL at the end; NULL: the queue itself */
	room_floor floor; /* control/free-space, control/free-inodes */
	login_rules login;
	policy policy;
	uint64_t user_rate;	  /* recipients of a user in an hour, 0: any number */
	bool hide_client;	  /* Received tells nothing of where a user was */
	uint64_t connections;	  /* after which a pair retires; control/recv-connections */
	tls_service *tls_service; /* not owned */
	enum login_tls tls;	  /* what each connection starts with */
	bool broken; /* a control file cannot be read (said in the log): everything is 451 */
	arena mem;   /* all of it lives here */
} keeper_config;

/* Reads the control files, those of submission or those of mail from others; what is wrong goes to the log and shows as `broken`. */
void keeper_configure(keeper_config *, bool submission);
void keeper_forget(keeper_config *);

/* Answers records on fd until the talker closes it. `client` is the peer of the one connection (its
 * relaying is decided by it), or NULL where connections are passed. */
void keeper_run(const keeper_config *, resolver *, int fd, const peer *client);

#endif
