/* The step between a failure and the end of its message: the bounce (queue/dsn.h) is durable, then the log
 * says so. For the runner and for an operator's bounce. */
#ifndef QUEUE_BOUNCE_H
#define QUEUE_BOUNCE_H

#include "queue/dsn.h"

/* control/me, for the reporting MTA, "localhost" where it cannot be read; in the arena. */
span bounce_me(arena *);

/* Reports all recipients that are QLOG_FAILED in the log, to whom dsn_kind() says, and makes them
 * QLOG_BOUNCED, durably. *kind: whom; DSN_KEEP: the message is to go to failed/. False: not possible
 * now (said in the event log), the recipients are QLOG_FAILED still. The caller holds the claim. */
bool bounce_failed(int queue_dir, const qmsg *, qlog *, enum dsn_kind *kind);
/* Tells the sender of the delay, once a message and where it is wanted; `until`: when it will be given up.
 * The log has it, not yet synced: a crash may make it two. False: there was nothing to tell, or it was not
 * possible now (said in the event log). */
bool bounce_warn(int queue_dir, const qmsg *, qlog *, int64_t until);
/* Reports who is delivered, relayed or expanded to a sender who asked for it (RFC 3461, 4.1); the log has it,
 * durably. True where nothing is due. False: not possible now (said in the event log). */
bool bounce_success(int queue_dir, const qmsg *, qlog *);

#endif
