/* What the two halves of the log share. Private to this folder. */
#ifndef QUEUE_QLOG_ENTRY_H
#define QUEUE_QLOG_ENTRY_H

#include "queue/qlog.h"

/* One line, taken apart: `N EVENT WHEN CODE ENHANCED WORDS`. */
typedef struct qlog_entry {
	uint64_t n, when;
	span event, code, enhanced, words;
} qlog_entry;

bool qlog_split(span line, qlog_entry *);

qlog_rcpt *qlog_add_rcpt(qlog *);
/* A name that comes again costs nothing, and names that pass the cap are left out: nothing depends on them. */
void qlog_keep_remote_mta(qlog *, qlog_rcpt *, const remote_mta *by);
void qlog_apply_bounced(qlog *, int64_t when);
void qlog_apply_reported(qlog *);

#endif
