/* Messages that are finished leave the queue: the file, then, when that is durable, its log. */
#ifndef RUN_REMOVE_H
#define RUN_REMOVE_H

#include "run/state.h"

/* Unlinks the message (the task stays). `durable`: it must not come back, for it was relayed or bounced, which
 * cannot be found out again; remove_flush() then syncs. A mailbox can be asked: there a repeat is
 * harmless, and nothing is synced. false with errno. */
bool remove_message(runner *, task *, bool durable);
/* One fsync of each directory that needs it, then the logs go. Every FLUSH_MS, and when all is quiet: what a
 * crash before it brings back is sent again, as a crash before the reply would have it. */
void remove_flush(runner *);

#endif
