/* The open log of a folder and what it says. Private to this folder. */
#ifndef MAILDIR_BOOKS_H
#define MAILDIR_BOOKS_H

#include "maildir/snapshot.h"

typedef struct books {
	char *path; /* of the folder */
	int dir;
	int log;
	int part[PARTS];   /* new/ and cur/ */
	off_t at;	   /* the ledger's roll says what the log says up to here */
	off_t seen;	   /* its other fields up to here */
	off_t snapshot;	   /* and pabal.index up to here */
	off_t weighed;	   /* its length when compact.c looked at it last */
	bool other;	   /* the roll is that of the log before this one; `at` is 0 */
	unsigned switches; /* how often another file had the name */
	bool synced;	   /* the log, up to `seen`, by us */
	bool locked;
	ledger is;
	ledger old; /* what a damaged log said: keywords and sizes outlive their numbers */
	str batch;  /* lines to append */
} books;

enum { BOOKS_BATCH = 64 << 20 }; /* octets of one batch of lines */

/* Opens or makes the log, loads what it says. */
status books_open(books *, const char *dir);
void books_close(books *);

/* Takes in what others appended, durably, in another log of the same numbers too. No lock: where a line does not hold, only
 * what stands before it. EX_UNAVAILABLE where the numbers are others. */
status books_catch_up(books *);
/* The lock of all writers of this folder; the fields but the roll are then those of the whole log, and a torn tail is
 * cut. EX_UNAVAILABLE where the log is not the one that this session began with. */
status books_lock(books *);
void books_unlock(books *);
/* Under the lock: one more line; its numbers are taken into the fields. */
void books_put(books *, const journal_record *);
/* Appends the lines, durably. The roll takes them in at the next books_catch_up(). */
status books_commit(books *);
/* Writes pabal.index where enough has changed. */
void books_save(books *);
/* Replaces a log that is much longer than what it says; as books_catch_up(). Where that cannot be done the old one stays. */
status books_compact(books *);

/* Why something failed, by errno. */
status books_error(const books *, const char *doing);

#endif
