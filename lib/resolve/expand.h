/* An address → all that happens to it, aliases followed to their end; what mail-where(1) prints. The queue
 * does the same one step at a time, with each step in its log. */
#ifndef RESOLVE_EXPAND_H
#define RESOLVE_EXPAND_H

#include "resolve/resolve.h"

enum { EXPAND_DEPTH_MAX = 20, EXPAND_TARGETS_MAX = 10000 };

typedef struct expand_step {
	size_t depth;  /* 0: the address itself */
	size_t parent; /* index of the step it came from; its own for the first */
	bool
	    repeated; /* somewhere else in the tree: one copy, `answer` is that one's kind without more */
	resolve_answer answer;
} expand_step;

typedef struct expansion {
	expand_step *steps; /* depth first, as the tables list them */
	size_t count;
	status
	    worst; /* EX_OK: every end is a mailbox or a next hop; a doubt goes before a refusal */
} expansion;

/* In the arena. A loop, more than EXPAND_DEPTH_MAX steps one behind the other and more than
 * EXPAND_TARGETS_MAX addresses are doubts: somebody's mistake in a table. */
void resolve_full(resolver *, const addr *, uint64_t size, arena *, expansion *);

#endif
