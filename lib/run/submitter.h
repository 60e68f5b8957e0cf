/* What a submission server decides about a user's mail (RFC 6409): which addresses are his, how much he may send, and what
 * his message still needs. */
#ifndef RUN_SUBMITTER_H
#define RUN_SUBMITTER_H

#include "mail/trace.h"
#include "resolve/resolve.h"
#include "run/login_helper.h"

/* Octets by which a header may grow. */
enum { SUBMITTER_MORE = 1 << 20 };

typedef struct submitter submitter;

submitter *submitter_open(resolver *);
void submitter_close(submitter *);

/* Whether the user may send as `a`: his own address, with an extension too; an alias that leads to his mailbox and
 * nowhere else; what control/senders names; <>. Ok, 550 5.7.1, or a doubt. */
status submitter_sender(submitter *, const login_account *, const addr *a);
/* The same for all authors that the header names. */
status submitter_authors(submitter *, const login_account *, span message);
/* `recipients` more, of at most `limit` an hour: ok or 450 4.7.1. Where nobody can count, nobody is stopped. */
status submitter_rate(const login_account *, size_t recipients, uint64_t limit);
/* The header of `message` as it goes on (mail/complete.h); the octets that it stands for. `t` has id, me, epoch, zone. */
size_t submitter_header(span message, const addr *from, const trace *t, span home, str *to);

#endif
