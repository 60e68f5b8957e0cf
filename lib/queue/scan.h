/* What is in the queue, by names alone: no message is opened. A name may be renamed, removed or
 * added while a scan runs; the claim (queue/qmsg.h) is what decides. */
#ifndef QUEUE_SCAN_H
#define QUEUE_SCAN_H

#include "queue/qmsg.h"

enum scan_where { SCAN_NEW, SCAN_LATER, SCAN_HOLD, SCAN_FAILED };
enum { SCAN_BUCKETS = 256, SCAN_BUCKET_SECONDS = 64, SCAN_SWEEP_AGE = 36 * 3600 };

typedef struct scan_entry {
	char name[64]; /* below the queue directory */
	char id[QID_LEN + 1];
	int64_t due; /* epoch seconds, of later/; 0 elsewhere */
	enum scan_where where;
} scan_entry;

/* The folder that a name below queue/ is in. */
enum scan_where scan_where_of(const char *name);

/* false ends the scan. */
typedef bool scan_each(void *arg, const scan_entry *);

/* All of new/, and of later/ what is due: TIME <= now, or further away than `largest` seconds.
 * `since` is the `now` of the pass before this one: only the buckets from then to now (and one
 * more) are read; 0 reads the whole ring, as does a pass after a long pause. *next (may be NULL):
 * the earliest TIME seen that is not due, 0 for none. false with errno where a directory could not
 * be read (the others were). */
bool scan_due(int queue_dir, int64_t since, int64_t now, int64_t largest, scan_each *, void *arg,
	      int64_t *next);
/* new, later, hold, failed. */
bool scan_all(int queue_dir, scan_each *, void *arg);

typedef struct scan_counts {
	size_t new, later, hold, failed;
} scan_counts;
bool scan_count(int queue_dir, scan_counts *);

/* Where the message is now: its name; false with errno ENOENT where it is not in the queue. Costs a
 * look into each bucket. */
bool scan_find(int queue_dir, const char *id, char name[static 64]);
/* For who has made new/ID: whether no other message has that ID. */
bool scan_is_alone(int queue_dir, const char *id);

/* Unlinks what crashes left: logs older than 36 h whose message is gone. Returns how many. For once a run. */
size_t scan_sweep(int queue_dir, int64_t now);

#endif
