/* An address → what happens to it. One function for everybody: RCPT (quota included), delivery, and
 * mail-where(1). Any doubt (no control/me, an unsorted table, an unmounted store) is a temporary
 * status that names the file and line; never "no such user". */
#ifndef RESOLVE_RESOLVE_H
#define RESOLVE_RESOLVE_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/status.h"
#include "mail/addr.h"

enum resolve_kind {
	RESOLVE_MAILBOX, /* deliver to `maildir` (absolute path, folder included) */
	RESOLVE_EXPAND,	 /* an alias: replaced by `targets` */
	RESOLVE_REMOTE,	 /* by `agent` (smtp-send when empty) to `next_hop` */
	RESOLVE_PROGRAM, /* a command of a user's: by `agent` with `next_hop`, as the owner */
	RESOLVE_REFUSED, /* `why`: permanent (no such user 550 5.1.1, …) or temporary */
};

typedef struct resolve_answer {
	enum resolve_kind kind;
	addr address;	/* normalized: domain lower case, extension kept */
	bool ours;	/* the domain is in control/domains, or means the first of them */
	span maildir;	/* RESOLVE_MAILBOX */
	span ext;	/* user+EXT, "" without */
	bool has_owner; /* uid and gid are set (control/users names them, or a system user) */
	uid_t uid;
	gid_t gid;
	uint64_t quota; /* octets, 0: none */
	addr *targets;	/* RESOLVE_EXPAND */
	size_t target_count;
	span agent,
	    next_hop; /* RESOLVE_REMOTE; next_hop: a domain for MX, or [HOST]:PORT for this host */
	span rule;    /* file:line or the words of the rule that decided, for mail-where */
	status why;   /* RESOLVE_REFUSED; ok otherwise */
} resolve_answer;

typedef struct resolver resolver; /* open tables, control values; one a process */

resolver *resolver_open(void); /* never fails; what is missing shows in the answers */
void resolver_close(resolver *);
/* Rules name the line of the table too, which costs a reading up to it; for mail-where(1). */
void resolver_explain(resolver *, bool on);
/* control/me, "" where it is missing (then every answer is temporary) and before the first
 * question. Lives until the next question. */
span resolver_me(const resolver *);

/* The sender of the mail that is asked about from now on, for control/sender-routes; NULL: unknown. Borrowed. */
void resolver_sender(resolver *, const addr *);

/* One step. `size` octets of message that must fit the quota (0: unknown). The answer's spans live
 * in the arena. An address without a domain is completed with the first entry of control/domains;
 * at control/me and at an address literal of ours it is the one in that first domain.
 *
 * Of our domains, in this order: control/aliases, control/users, for "user+ext" both for "user",
 * the machine's users (control/system-users), a sender of SRS (srs.h), the alias "@domain", a route of exactly this domain,
 * and for "postmaster" the one of the first domain. "No such user" is said only after all of them
 * said no. */
void resolve(resolver *, const addr *, uint64_t size, arena *, resolve_answer *);

#endif
