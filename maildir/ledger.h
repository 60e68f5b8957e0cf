/* What the lines of a log say, taken together. Private to this folder. */
#ifndef MAILDIR_LEDGER_H
#define MAILDIR_LEDGER_H

#include "maildir/snapshot.h"

/* Both as journal_read() gives lines, the argument is a ledger. */
void ledger_apply(void *, const journal_record *);
/* All but the roll. */
void ledger_count(void *, const journal_record *);

#endif
