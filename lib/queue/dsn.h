/* Delivery status notifications about failure, delay and success (RFC 3464, RFC 6522, RFC 6533). From <> to the sender;
 * never about a message from <>, whose own failure nobody outside hears of. */
#ifndef QUEUE_DSN_H
#define QUEUE_DSN_H

#include "base/status.h"
#include "base/str.h"
#include "queue/qlog.h"
#include "queue/qmsg.h"

enum {
	DSN_RETURN_MAX = 50000
}; /* control/bounce-size: octets of a message that are returned whole */

enum dsn_kind {
	DSN_NONE,   /* no failed recipient that a notification is wanted for (NOTIFY, RFC 3461, 4.1)
		     */
	DSN_SENDER, /* an ordinary bounce */
	DSN_POSTMASTER, /* one of our bounces failed: postmaster hears of it, once */
	DSN_DROP,	/* from <>, of somebody else: only the log hears of it */
	DSN_DELAY,	/* a notice of delay, to the sender */
	DSN_SUCCESS,	/* a report of what was delivered, relayed, expanded, to the sender */
	DSN_KEEP,	/* postmaster's own notice failed: the file is kept in failed/ */
};

/* What is due for the recipients that are QLOG_FAILED in the log now. Pure. */
enum dsn_kind dsn_kind(const qmsg *, const qlog *);

/* Whether somebody who is deferred wants the sender to hear of it: NOTIFY has DELAY, or is not there (RFC
 * 3461, 4.1). Pure. */
bool dsn_delay_wanted(const qmsg *, const qlog *);
/* Whether somebody's success is to be reported by us, and was not yet (queue/notify.h). Pure. */
bool dsn_success_wanted(const qmsg *, const qlog *);

/* The notification's envelope (in the arena) and its octets, LF line ends. `id` is the queue ID
 * that it will have, `me` the reporting MTA, return_max as DSN_RETURN_MAX, `until` (DSN_DELAY) when it will be
 * given up, 0 for no word of that. false: the message could
 * not be read (errno), or the text passed the cap of `text` (EFBIG). No zone but UTC is used. */
bool dsn_compose(const qmsg *, const qlog *, enum dsn_kind, const char *id, span me, int64_t now,
		 int64_t until, uint64_t return_max, arena *, envelope *, str *text);

/* Composes and queues it (`until` as above); durable when the status is EX_OK, and only then may the parent change. */
status dsn_send(int queue_dir, const qmsg *, const qlog *, enum dsn_kind, span me, int64_t until,
		char id[static QID_LEN + 1]);

#endif
