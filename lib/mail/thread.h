/* Messages as discussions: the algorithm REFERENCES of RFC 5256, 3. Linear in messages and references but for
 * sorting; no recursion; any references are taken, loops included. */
#ifndef MAIL_THREAD_H
#define MAIL_THREAD_H

#include "base/arena.h"
#include "base/span.h"

enum {
	THREAD_NONE = UINT32_MAX,
	THREAD_MESSAGES_MAX = 1 << 26,
	THREAD_REFERENCES_MAX = 1000, /* of one message that count, the last ones */
};

typedef struct thread_message {
	span id; /* bodies of the fields, as they stand; "" where there is none */
	span references;
	span in_reply_to;
	span subject; /* the base subject as fold_text() gives it */
	bool reply;   /* subject_base() said so */
	int64_t date; /* epoch seconds */
} thread_message;

/* parent, child and next are indexes of nodes. nodes[0] is the root of all threads. */
typedef struct thread_node {
	uint32_t parent, child, next;
	uint32_t message; /* THREAD_NONE: a dummy, which is the root or a child of it */
} thread_node;

typedef struct thread_tree {
	thread_node *nodes;
	size_t count;
} thread_tree;

/* The tree is in the arena. Of two messages with one date the first in the array is first. False where the arena
 * is full or there are too many. */
bool thread_build(const thread_message *, size_t count, arena *, thread_tree *);

/* Calls `each` for every message in reading order. The depth of the first message of a thread is 0; where
 * their parent is missing, the first one stands for it and the others are at depth 1. */
typedef void thread_each(void *arg, uint32_t message, unsigned depth);
void thread_walk(const thread_tree *, thread_each *each, void *arg);

#endif
