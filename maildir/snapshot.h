/* pabal.index: what pabal.log says up to an offset, mapped (pabal-maildir(5)). Private to this folder. */
#ifndef MAILDIR_SNAPSHOT_H
#define MAILDIR_SNAPSHOT_H

#include "maildir/journal.h"

/* All that the log says. */
typedef struct ledger {
	uint32_t uidvalidity;
	uint32_t uidnext;
	uint64_t modseq; /* the highest */
	uint64_t id;	 /* of the log */
	journal_stamp stamps[PARTS];
	char *keywords[FOLDER_KEYWORDS]; /* owned; NULL: none */
	roll roll;
} ledger;

void ledger_free(ledger *);
void ledger_keyword(ledger *, unsigned bit, span name);

/* False where there is none that belongs to the open log. *at is the offset up to which it says what the log `id` says, *durable the
 * one up to which that is known to be on disk;
 * all three are set where it is whole, even if it does not belong to the log as that is now. */
bool snapshot_load(int dir, int log, ledger *, off_t *at, off_t *durable, uint64_t *id);
/* The log `id` was synced up to `at`: who opens the folder next need not do it again. */
void snapshot_durable(int dir, uint64_t id, off_t at);
/* Replaces it. Best effort: without one the log is read whole. */
void snapshot_write(int dir, int log, const ledger *, off_t at);
/* Takes apart what is mapped in l->roll.index; for snapshot_load() and its tests. */
bool snapshot_take(ledger *l, uint64_t *at, uint64_t *durable, unsigned char tail[static 16]);

#endif
