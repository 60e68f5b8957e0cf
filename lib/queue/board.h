/* What this host remembers between runs, in PABAL_RUN/queue/board: next hops that do not answer, how many workers one
 * bears, what was sent in this minute, bounces to one address. A table of fixed size in a file that may be deleted
 * at any time; a full bucket forgets who was quiet for the longest time. Where the file cannot be used nothing is
 * remembered, and mail goes on. */
#ifndef QUEUE_BOARD_H
#define QUEUE_BOARD_H

#include "base/span.h"

enum { BOARD_WORDS = 160 };

typedef struct board_entry {
	uint64_t key;	    /* 0: free */
	int64_t seen;	    /* epoch seconds of the last change */
	int64_t dead_until; /* epoch seconds; not tried before; 0: it lives */
	int64_t period;	    /* that `count` is of: which minute, which hour */
	uint32_t count;
	uint32_t failures;	 /* in a row, of connections */
	uint32_t window;	 /* workers that may be busy with it; 0: not known */
	uint32_t proven;	 /* it took something once */
	char words[BOARD_WORDS]; /* of the last failure; NUL at the end */
} board_entry;

/* Never 0. `what` keeps kinds apart. */
uint64_t board_key(span what, span name);
/* What is known; all 0 where nothing is. */
board_entry board_get(uint64_t key);
/* Changes it under the lock of the file: `change` gets what is known (its key is set). */
typedef void board_change(board_entry *, void *arg);
void board_set(uint64_t key, int64_t now, board_change *, void *arg);
/* Counts up to `want` more in this period, of at most `most`: how many were granted. Where the board cannot be used:
 * all. */
uint32_t board_count(uint64_t key, int64_t now, int64_t seconds, uint32_t most, uint32_t want);

#endif
