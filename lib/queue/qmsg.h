/* One message in the queue: one file (pabal-queue(5)).
 *
 *     PABAL1 LENGTH SUM ID ARRIVED LF     fixed width, QMSG_LINE octets
 *     envelope lines, DATA LF             mail/envelope.h
 *     the message, LF line ends           to the end of the file
 *
 * LENGTH: octets behind the first line (16 decimal digits). SUM: CRC-32 of those octets (8 hex
 * digits). ARRIVED: seconds since the epoch (12 digits). A file whose first line does not hold for
 * the whole of it is partial (a crash before it was confirmed) and is not a message.
 *
 *     names                  meaning
 *     tmp/ID                 being written; locked by its writer; older than 36 h without a lock:
 * swept new/ID                 complete, never tried later/XX/TIME.ID       next attempt at TIME
 * (10 digits, epoch seconds), XX = (TIME / 64) mod 256 in hex hold/ID                waits for the
 * operator failed/ID              damaged or undeliverable bounce, kept for the operator log/ID
 * what happened to each recipient; the truth drop/ID                injected by a local user, not
 * yet copied in (queue/drop.h) log/run.NAME           a run's result file (queue/job.h) */
#ifndef QUEUE_QMSG_H
#define QUEUE_QMSG_H

#include "base/arena.h"
#include "mail/envelope.h"

enum {
	QID_LEN = 24,	/* octets of an ID: [0-9A-Z], sorts by time of arrival */
	QMSG_LINE = 72, /* octets of the first line, LF included, blanks before the LF */
};

/* 7 characters of seconds, 4 of host and boot, 13 of 64 random bits, Crockford's base 32. */
void qid_make(char id[static QID_LEN + 1]);
bool qid_valid(span id);
/* The epoch second in its first 7 characters: the same at each attempt, for names of deliveries. */
int64_t qid_seconds(span id);
/* What IDs are made of: n digits of base 32, no NUL; 64 random bits. */
void qid_digits(uint64_t value, size_t n, char *to);
uint64_t qid_random(void);

typedef struct qmsg {
	int fd; /* open, locked (flock) by this process; owned */
	char id[QID_LEN + 1];
	char name[64];	 /* below the queue directory: "new/ID" or "later/XX/TIME.ID" */
	int64_t arrived; /* epoch seconds */
	off_t offset;	 /* octets before the message itself */
	uint64_t size;	 /* octets of the message on disk (LF line ends) */
	envelope env;	 /* in `mem` */
	arena mem;
} qmsg;

enum qmsg_result {
	QMSG_OK,
	QMSG_BUSY, /* another process has it, or it is gone or renamed meanwhile: not ours, no error
		    */
	QMSG_PARTIAL, /* the first line does not hold and nobody writes it: never confirmed */
	QMSG_DAMAGED, /* the sum holds but the envelope cannot be read */
	QMSG_ERROR,   /* errno */
};

/* Claim: open queue/NAME, flock without waiting, check that the name still leads to this file and
 * that the first line and SUM hold, parse the envelope. On QMSG_OK the caller owns *m (qmsg_close).
 */
enum qmsg_result qmsg_claim(int queue_dir, const char *name, qmsg *m);
/* Reads without claiming (queue-list); no lock is taken, fd is open. */
enum qmsg_result qmsg_read(int queue_dir, const char *name, qmsg *m);
/* The same, but only the first line, the length and the envelope are looked at: the message itself stays
 * unread. */
enum qmsg_result qmsg_peek(int queue_dir, const char *name, qmsg *m);
void qmsg_close(qmsg *); /* closing drops the lock with its last holder */

/* The first line, for the writer; QMSG_LINE octets, no NUL. */
void qmsg_first_line(char line[static QMSG_LINE], uint64_t length, uint32_t sum, const char *id,
		     int64_t arrived);

typedef struct qmsg_head {
	uint64_t length;
	uint32_t sum;
	char id[QID_LEN + 1];
	int64_t arrived;
} qmsg_head;

/* Exactly what qmsg_first_line() writes; false for anything else. */
bool qmsg_head_parse(span line, qmsg_head *);

/* Where a claimed message goes next (queue/qmove.c). All keep the claim and change m->name; false
 * with errno, the message is then where it was. Not made durable: after a crash the message is
 * where it was before, which only costs an attempt. */
bool qmsg_defer(int queue_dir, qmsg *m,
		int64_t when);		   /* later/XX/TIME.ID; what is held stays held */
bool qmsg_hold(int queue_dir, qmsg *m);	   /* hold/ID */
bool qmsg_release(int queue_dir, qmsg *m); /* new/ID: due now */
bool qmsg_fail(int queue_dir, qmsg *m);	   /* failed/ID */
/* The operator's hold, which needs no claim: whoever works on the message goes on with what is begun,
 * and no more is tried. Not made durable. False with errno, ENOENT where the name is gone. */
bool qmsg_hold_name(int queue_dir, const char *name, const char *id);
/* Whether the name of a claimed message is gone: an operator holds it. */
bool qmsg_moved(int queue_dir, const qmsg *m);
/* For what cannot be claimed (QMSG_PARTIAL, QMSG_DAMAGED): an empty file or one whose first line
 * was never written is unlinked, all else goes to failed/ID for the operator, with the reason in its
 * log. */
bool qmsg_set_aside(int queue_dir, const char *name, const char *reason);

/* All recipients are finished: the message goes, then its log. */
bool qmsg_remove(int queue_dir, qmsg *m);
/* The same for a batch: unlink all, make that durable by one file_sync() of each directory (or
 * syncfs), then forget all. In this order only: a log that goes before its message would have it
 * delivered again. A message without a log/ID needs no forgetting. */
bool qmsg_unlink(int queue_dir, qmsg *m);
void qmsg_forget(int queue_dir, const char *id);

#endif
