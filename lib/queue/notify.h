/* What the sender wants to hear of each recipient (NOTIFY of RFC 3461, 4.1), and what goes on to a next hop
 * that makes such reports itself. Pure.
 *
 * An alias with one member passes everything on. One with several is "expanded": that is reported for the
 * alias, and its members lose SUCCESS (RFC 3461, 5.2.7.2, 5.2.7.3 c). */
#ifndef QUEUE_NOTIFY_H
#define QUEUE_NOTIFY_H

#include "base/str.h"
#include "queue/qlog.h"

enum notify_word { NOTIFY_SUCCESS, NOTIFY_FAILURE, NOTIFY_DELAY };

/* The recipient of the envelope that this one was expanded from, or itself. */
const qlog_rcpt *notify_root(const qlog *, const qlog_rcpt *);
/* Without NOTIFY failures are reported, and delays; success only where it was asked for. */
bool notify_wants(const qlog *, const qlog_rcpt *, enum notify_word);
/* It has arrived as far as we can know, that is to be reported, by us, and was not yet. */
bool notify_success_due(const qlog *, const qlog_rcpt *);
/* Whether a success of anybody may have to be reported. */
bool notify_success_asked(const qmsg *);

/* The parameters of RCPT for the next hop. */
void notify_params(const qlog *, const qlog_rcpt *, str *to);

#endif
