/* Result files: log/run.NN, what the workers of a run said (queue/job.h), appended one line a
 * write.
 *
 * A runner takes a free slot NN and locks the file (flock, exclusive); its workers inherit that
 * open file as fd 1, so the lock lasts until the last of them ends, and a file whose lock can be
 * had belongs to a dead run. Slots are few and fixed: nobody has to list log/, which is as long as
 * the queue.
 *
 * A line is true for ever: who holds the claim on a message may believe any final line about it, in
 * the file of a living run as well as of a dead one. That is what makes a worker count that
 * outlives its runner. "Deferred" lines are not believed: they may be of an earlier attempt. */
#ifndef RUN_RESULTS_H
#define RUN_RESULTS_H

#include "base/str.h"
#include "queue/job.h"
#include "queue/qlog.h"
#include "queue/qmsg.h"

enum { RESULTS_SLOTS = 32, RESULTS_ROTATE = 1 << 20, RESULTS_LINE_MAX = 1024 };

typedef struct result_file {
	struct result_file *next;
	int fd; /* O_APPEND, locked; inherited by workers as fd 1 */
	unsigned slot;
	unsigned workers; /* that append to it */
	off_t at;	  /* read so far */
	bool watched;	  /* by inotify */
} result_file;

typedef void results_each(void *arg, const job_result *);

typedef struct results {
	bool keep;     /* not all could be written down: files stay, for the next run to read */
	int queue_dir; /* borrowed */
	result_file *files;	      /* own; the first is the one for new workers */
	struct results_other *others; /* what other runs said, RESULTS_SLOTS of them */
} results;

void results_open(results *, int queue_dir);
/* Unlinks the files that no worker uses any more. */
void results_close(results *);

/* The file for a new worker, a fresh one where the last has grown; NULL with errno (EBUSY: no free
 * slot). */
result_file *results_current(results *);
/* Path of a slot below the queue, for inotify. */
void results_path(unsigned slot, char path[static 16]);
/* Calls `each` for the new lines of our own files. */
void results_read(results *, results_each *each, void *arg);
/* A worker ended and its lines were read. Retired files without workers are unlinked. */
void results_release(results *, result_file *);

/* Reads what other runs have appended since the last call; cheap where there are none. */
void results_refresh(results *);
/* The last final word (EX_OK or permanent) of another run on this job; its spans are good until the next
 * results_refresh(). */
bool results_find(const results *, span id, size_t n, job_result *);
/* What workers of other runs said of this message and nobody wrote down yet goes into its log, not yet
 * synced. The caller holds the claim, so nobody else does, and has called results_refresh() since. */
void results_merge(const results *, qlog *);
/* Files of dead runs: calls `each` for each final line of one, then `merged`; where that says true, all
 * of it is written down elsewhere and the file is unlinked. */
typedef bool results_merged(void *arg);
void results_bury(results *, results_each *each, results_merged *merged, void *arg);

#endif
