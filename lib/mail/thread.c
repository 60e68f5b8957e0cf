#include "mail/thread.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "mail/msgid.h"

/* How far up a loop is looked for. A longer thread is cut there, so that nobody can choose how long it takes. */
enum { CLIMB_MAX = 2000 };

typedef struct builder {
	const thread_message *in;
	size_t in_count;
	arena *mem;
	thread_node
	    *nodes; /* [0] the root, [1 + i] message i until its ID is a duplicate, then dummies */
	span *ids;  /* of nodes */
	uint32_t *kids; /* of nodes: how many children, as long as links are made */
	size_t count, room;
	uint32_t *table; /* of IDs: indexes of nodes, 0 none; open addressing */
	size_t slots;
	bool full;
} builder;

static uint64_t hash(span s)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	return h ^ h >> 29;
}

static uint32_t new_node(builder *b, uint32_t message, span id)
{
	if (b->count == b->room) {
		b->room *= 2;
		b->nodes = xrealloc(b->nodes, b->room, sizeof *b->nodes);
		b->ids = xrealloc(b->ids, b->room, sizeof *b->ids);
		b->kids = xrealloc(b->kids, b->room, sizeof *b->kids);
	}
	b->nodes[b->count] = (thread_node){THREAD_NONE, THREAD_NONE, THREAD_NONE, message};
	b->ids[b->count] = id;
	b->kids[b->count] = 0;
	return (uint32_t)b->count++;
}

static uint32_t *slot_of(const builder *b, span id)
{
	size_t i = hash(id) & (b->slots - 1);
	while (b->table[i] && !span_eq(b->ids[b->table[i]], id))
		i = (i + 1) & (b->slots - 1);
	return &b->table[i];
}

static void grow_table(builder *b)
{
	uint32_t *old = b->table;
	size_t n = b->slots;
	b->slots *= 2;
	b->table = xcalloc(b->slots, sizeof *b->table);
	for (size_t i = 0; i < n; i++)
		if (old[i])
			*slot_of(b, b->ids[old[i]]) = old[i];
	free(old);
}

/* The node of an ID; a dummy where no message has it (yet). */
static uint32_t node_of(builder *b, span id)
{
	uint32_t *slot = slot_of(b, id);
	if (!*slot) {
		*slot = new_node(b, THREAD_NONE, id);
		if (b->count * 2 > b->slots) {
			grow_table(b);
			return *slot_of(b, id);
		}
	}
	return *slot;
}

/* The next ID in a field, without its brackets, quotes and backslashes (3: <"a"@b> is <a@b>). "" where there is none
 * any more; nor where the arena is full. */
static span next_id(builder *b, span *body)
{
	span id;
	if (!msgid_next(body, &id))
		return S("");
	id = span_sub(id, 1, id.n - 1);
	if (span_find(id, '"') == id.n)
		return id;
	char *bare = arena_alloc(b->mem, id.n);
	size_t n = 0;
	if (!bare)
		b->full = true;
	for (size_t i = 0; bare && i < id.n; i++) {
		if (id.p[i] == '\\' && i + 1 < id.n)
			i++;
		else if (id.p[i] == '"')
			continue;
		bare[n++] = id.p[i];
	}
	return span_of(bare, n);
}

/* (1): all IDs of messages, before any reference: a duplicate is nobody's. */
static void name_messages(builder *b)
{
	for (size_t i = 0; i < b->in_count; i++) {
		span body = b->in[i].id;
		span id = next_id(b, &body);
		uint32_t node = new_node(b, (uint32_t)i, id);
		if (!id.n)
			continue;
		uint32_t *slot = slot_of(b, id);
		if (!*slot)
			*slot = node;
		if (b->count * 2 > b->slots)
			grow_table(b);
	}
}

static bool is_below(const builder *b, uint32_t node, uint32_t top)
{
	if (node == top)
		return true;
	if (b->kids[top] == 0)
		return false;
	for (size_t i = 0; i < CLIMB_MAX; i++) {
		node = b->nodes[node].parent;
		if (node == THREAD_NONE)
			return false;
		if (node == top)
			return true;
	}
	return true;
}

/* While links are made only the parents are known, so that breaking one costs nothing. */
static void set_parent(builder *b, uint32_t child, uint32_t parent)
{
	uint32_t before = b->nodes[child].parent;
	if (before != THREAD_NONE)
		b->kids[before]--;
	if (parent != THREAD_NONE)
		b->kids[parent]++;
	b->nodes[child].parent = parent;
}

/* The references of a message, the last THREAD_REFERENCES_MAX of them, as nodes; their number. */
static size_t references(builder *b, const thread_message *m, uint32_t *to)
{
	size_t n = 0;
	span body = m->references, id;
	for (int field = 0; field < 2 && n == 0; field++, body = m->in_reply_to)
		while ((id = next_id(b, &body)).n && !(field && n)) {
			if (n >= 2 * THREAD_REFERENCES_MAX) {
				memmove(to, to + THREAD_REFERENCES_MAX,
					THREAD_REFERENCES_MAX * sizeof *to);
				n = THREAD_REFERENCES_MAX;
			}
			to[n++] = node_of(b, id);
		}
	if (n > THREAD_REFERENCES_MAX) {
		size_t drop = n - THREAD_REFERENCES_MAX;
		memmove(to, to + drop, THREAD_REFERENCES_MAX * sizeof *to);
		n = THREAD_REFERENCES_MAX;
	}
	return n;
}

/* (1) (A) and (B) */
static void link_message(builder *b, size_t index, uint32_t *refs)
{
	uint32_t self = (uint32_t)index + 1;
	size_t n = references(b, b->in + index, refs);
	for (size_t i = 1; i < n; i++)
		if (b->nodes[refs[i]].parent == THREAD_NONE && !is_below(b, refs[i - 1], refs[i]))
			set_parent(b, refs[i], refs[i - 1]);
	uint32_t parent = n ? refs[n - 1] : THREAD_NONE;
	if (parent != THREAD_NONE && b->nodes[self].parent == parent)
		return;
	set_parent(b, self, THREAD_NONE);
	if (parent != THREAD_NONE && !is_below(b, parent, self))
		set_parent(b, self, parent);
}

/* ---- (2) and (3): from the parents to a tree */

static bool is_dummy(const builder *b, uint32_t node)
{
	return b->nodes[node].message == THREAD_NONE;
}

/* The nearest message from `node` upwards; where there is none, the dummy at the top. What was passed on the
 * way is led there directly, so that all calls together are linear. */
static uint32_t nearest(builder *b, uint32_t node)
{
	uint32_t top = node, next;
	while (is_dummy(b, top) && b->nodes[top].parent != THREAD_NONE)
		top = b->nodes[top].parent;
	for (; node != top; node = next) {
		next = b->nodes[node].parent;
		b->nodes[node].parent = top;
	}
	return top;
}

/* Dummies go, and their children take their place; one stays at the top of more than one child. */
static void make_tree(builder *b)
{
	for (uint32_t i = 1; i <= b->in_count; i++)
		if (b->nodes[i].parent != THREAD_NONE)
			b->nodes[i].parent = nearest(b, b->nodes[i].parent);
	memset(b->kids, 0, b->count * sizeof *b->kids);
	for (uint32_t i = 1; i <= b->in_count; i++)
		if (b->nodes[i].parent != THREAD_NONE)
			b->kids[b->nodes[i].parent]++;
	for (uint32_t i = (uint32_t)b->count; i-- > 1;) {
		uint32_t parent = b->nodes[i].parent;
		if (is_dummy(b, i) && (parent != THREAD_NONE || b->kids[i] < 2))
			continue;
		if (parent == THREAD_NONE || (is_dummy(b, parent) && b->kids[parent] < 2))
			parent = 0;
		b->nodes[i].parent = parent;
		b->nodes[i].next = b->nodes[parent].child;
		b->nodes[parent].child = i;
	}
}

/* ---- the order */

typedef struct sortable {
	int64_t date;
	uint32_t message, node;
} sortable;

static int by_date(const void *a, const void *b)
{
	const sortable *x = a, *y = b;
	if (x->date != y->date)
		return x->date < y->date ? -1 : 1;
	return x->message < y->message ? -1 : x->message > y->message;
}

/* A dummy counts as its first child (4, 6), which is sorted before it. */
static sortable sort_key(const builder *b, uint32_t node)
{
	uint32_t at = node;
	while (b->nodes[at].message == THREAD_NONE && b->nodes[at].child != THREAD_NONE)
		at = b->nodes[at].child;
	uint32_t message = b->nodes[at].message;
	return (sortable){message == THREAD_NONE ? 0 : b->in[message].date, message, node};
}

static void sort_children(builder *b, uint32_t parent, sortable *scratch)
{
	size_t n = 0;
	for (uint32_t c = b->nodes[parent].child; c != THREAD_NONE; c = b->nodes[c].next)
		scratch[n++] = sort_key(b, c);
	if (n < 2)
		return;
	qsort(scratch, n, sizeof *scratch, by_date);
	for (size_t i = 0; i < n; i++)
		b->nodes[scratch[i].node].next = i + 1 < n ? scratch[i + 1].node : THREAD_NONE;
	b->nodes[parent].child = scratch[0].node;
}

/* The node behind `at` in an order where children come before their parents; a walk starts at first_leaf(root). */
static uint32_t first_leaf(const thread_node *nodes, uint32_t at)
{
	while (nodes[at].child != THREAD_NONE)
		at = nodes[at].child;
	return at;
}

static uint32_t after(const thread_node *nodes, uint32_t at)
{
	return nodes[at].next != THREAD_NONE ? first_leaf(nodes, nodes[at].next) : nodes[at].parent;
}

static void sort_all(builder *b, sortable *scratch)
{
	for (uint32_t at = first_leaf(b->nodes, 0); at != THREAD_NONE; at = after(b->nodes, at))
		sort_children(b, at, scratch);
}

/* ---- (5) */

static const thread_message *speaker(const builder *b, uint32_t node)
{
	if (is_dummy(b, node))
		node = b->nodes[node].child;
	return node == THREAD_NONE || is_dummy(b, node) ? NULL : b->in + b->nodes[node].message;
}

static span subject_of(const builder *b, uint32_t node)
{
	const thread_message *m = speaker(b, node);
	return m ? m->subject : S("");
}

static bool is_reply(const builder *b, uint32_t node)
{
	return !is_dummy(b, node) && b->in[b->nodes[node].message].reply;
}

/* Where in the table the thread of this subject is, or would be. */
static uint32_t *subject_slot(const builder *b, span subject)
{
	size_t i = hash(subject) & (b->slots - 1);
	while (b->table[i] && !span_eq(subject_of(b, b->table[i]), subject))
		i = (i + 1) & (b->slots - 1);
	return &b->table[i];
}

static void fill_subjects(builder *b)
{
	for (uint32_t at = b->nodes[0].child; at != THREAD_NONE; at = b->nodes[at].next) {
		span subject = subject_of(b, at);
		if (!subject.n)
			continue;
		uint32_t *slot = subject_slot(b, subject);
		if (!*slot || (!is_dummy(b, *slot) &&
			       (is_dummy(b, at) || (is_reply(b, *slot) && !is_reply(b, at)))))
			*slot = at;
	}
}

static void adopt(builder *b, uint32_t parent, uint32_t child)
{
	b->nodes[child].parent = parent;
	b->nodes[child].next = THREAD_NONE;
	if (b->nodes[parent].child == THREAD_NONE) {
		b->nodes[parent].child = child;
		return;
	}
	/* behind the first one, which is the thread's subject; step 6 sorts them */
	uint32_t first = b->nodes[parent].child;
	b->nodes[child].next = b->nodes[first].next;
	b->nodes[first].next = child;
}

/* What becomes of `at`, which is not the one in the table: (5) (C). */
static void merge(builder *b, uint32_t *slot, uint32_t at)
{
	uint32_t top = *slot;
	if (is_dummy(b, top) && is_dummy(b, at)) {
		for (uint32_t c = b->nodes[at].child, next; c != THREAD_NONE; c = next) {
			next = b->nodes[c].next;
			adopt(b, top, c);
		}
		b->nodes[at].child = THREAD_NONE;
	} else if (is_dummy(b, top) || (is_reply(b, at) && !is_reply(b, top))) {
		adopt(b, top, at);
	} else {
		/* The dummy takes the place of `top` in the list of the root. */
		thread_node copy = b->nodes[top];
		uint32_t moved = new_node(b, copy.message, b->ids[top]);
		b->nodes[moved].child = copy.child;
		for (uint32_t c = copy.child; c != THREAD_NONE; c = b->nodes[c].next)
			b->nodes[c].parent = moved;
		b->nodes[top].message = b->nodes[top].child = THREAD_NONE;
		adopt(b, top, moved);
		adopt(b, top, at);
	}
}

static void merge_subjects(builder *b)
{
	uint32_t before = THREAD_NONE, next;
	memset(b->table, 0, b->slots * sizeof *b->table);
	fill_subjects(b);
	for (uint32_t at = b->nodes[0].child; at != THREAD_NONE; at = next) {
		span subject = subject_of(b, at);
		uint32_t *slot = subject.n ? subject_slot(b, subject) : NULL;
		next = b->nodes[at].next;
		if (!slot || *slot == at) {
			before = at;
			continue;
		}
		if (before == THREAD_NONE)
			b->nodes[0].child = next;
		else
			b->nodes[before].next = next;
		merge(b, slot, at);
	}
}

/* ---- */

static bool finish(builder *b, thread_tree *tree)
{
	size_t octets;
	tree->count = b->count;
	tree->nodes =
	    size_mul(b->count, sizeof *b->nodes, &octets) ? arena_alloc(b->mem, octets) : NULL;
	if (tree->nodes)
		memcpy(tree->nodes, b->nodes, octets);
	return tree->nodes && !b->full;
}

bool thread_build(const thread_message *in, size_t count, arena *mem, thread_tree *tree)
{
	builder b = {.in = in, .in_count = count, .mem = mem, .room = 64, .slots = 256};
	if (count > THREAD_MESSAGES_MAX)
		return false;
	b.nodes = xcalloc(b.room, sizeof *b.nodes);
	b.ids = xcalloc(b.room, sizeof *b.ids);
	b.kids = xcalloc(b.room, sizeof *b.kids);
	b.table = xcalloc(b.slots, sizeof *b.table);
	uint32_t *refs = xcalloc(2 * THREAD_REFERENCES_MAX, sizeof *refs);
	(void)new_node(&b, THREAD_NONE, S(""));
	name_messages(&b);
	for (size_t i = 0; i < count; i++)
		link_message(&b, i, refs);
	make_tree(&b);
	sortable *scratch = xcalloc(b.count + 1, sizeof *scratch);
	sort_all(&b,
		 scratch); /* (4) sorts the top level by first children: they are in order then */
	merge_subjects(&b);
	free(scratch);
	scratch = xcalloc(b.count + 1, sizeof *scratch);
	sort_all(&b, scratch);
	bool done = finish(&b, tree);
	free(scratch);
	free(refs);
	free(b.nodes);
	free(b.ids);
	free(b.kids);
	free(b.table);
	return done;
}

void thread_walk(const thread_tree *t, thread_each *each, void *arg)
{
	const thread_node *n = t->nodes;
	unsigned depth = 0, less = 0; /* of `at` below the root; what a missing head takes off */
	for (uint32_t at = n[0].child; at != THREAD_NONE;) {
		bool headless = depth == 1 && n[n[at].parent].message == THREAD_NONE;
		if (depth == 0 || headless)
			less = headless && n[n[at].parent].child == at;
		if (n[at].message != THREAD_NONE)
			each(arg, n[at].message, depth - less);
		if (n[at].child != THREAD_NONE) {
			at = n[at].child;
			depth++;
			continue;
		}
		while (n[at].next == THREAD_NONE && n[at].parent != 0) {
			at = n[at].parent;
			depth--;
		}
		at = n[at].next;
	}
}
