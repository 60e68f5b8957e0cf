#include "mail/item.h"

#include "base/arena.h"

enum { TREE_MAX = 256 << 20 };

typedef struct walk {
	item_fn *each;
	void *arg;
	bool stopped;
	unsigned problems;
} walk;

/* A multipart that is a message's body has no number of its own: its number is the message's. */
static bool has_row(const part_tree *t, uint32_t index)
{
	const part *p = t->parts + index;
	return p->kind != PART_MULTIPART ||
	       (p->parent != PART_NONE && t->parts[p->parent].kind == PART_MULTIPART);
}

static void give(walk *w, const item *i)
{
	w->stopped = w->stopped || !w->each(w->arg, i);
}

/* "1.u1", "1.u2": IMAP has no numbers for them. */
static void walk_uu(walk *w, const part *p, span number)
{
	uu_file file;
	span rest = p->body;
	str own = str_new(ITEM_NUMBER_MAX);
	for (unsigned n = 1; !w->stopped && uu_next(&rest, &file); n++) {
		str_clear(&own);
		(void)str_put(&own, number);
		(void)str_printf(&own, ".u%u", n);
		give(w, &(item){.part = p,
				.number = str_span(&own),
				.encoding = PART_UUENCODE,
				.octets = file.lines,
				.uu = true,
				.name = file.name});
	}
	str_free(&own);
}

static void walk_message(walk *w, span message, span prefix, unsigned depth);

static void walk_encoded(walk *w, const part *p, span number, unsigned depth)
{
	str inner = str_new(ITEM_INNER_MAX), prefix = str_new(ITEM_NUMBER_MAX);
	code_decode(p->encoding, p->body, &inner);
	(void)str_put(&prefix, number);
	(void)str_putc(&prefix, '.');
	if (inner.over) {
		w->problems |= ITEM_TOO_LARGE;
	} else {
		walk_message(w, str_span(&inner), str_span(&prefix), depth + 1);
	}
	str_free(&prefix);
	str_free(&inner);
}

static void walk_part(walk *w, const part_tree *t, uint32_t index, span prefix, unsigned depth)
{
	const part *p = t->parts + index;
	str number = str_new(ITEM_NUMBER_MAX);
	(void)str_put(&number, prefix);
	part_number(t, index, &number);
	item i = {
	    .part = p,
	    .number = str_span(&number),
	    .encoding = p->kind == PART_LEAF ? p->encoding : PART_BINARY,
	    .octets = p->body,
	    .opened =
		p->kind == PART_LEAF &&
		(part_type_is(p, "message", "rfc822") || part_type_is(p, "message", "global")) &&
		(p->encoding == PART_BASE64 || p->encoding == PART_QP ||
		 p->encoding == PART_UUENCODE) &&
		depth < ITEM_DEPTH_MAX,
	};
	give(w, &i);
	if (i.opened && !w->stopped)
		walk_encoded(w, p, i.number, depth);
	else if (uu_in(p) && !w->stopped)
		walk_uu(w, p, i.number);
	str_free(&number);
}

/* Messages that are encoded come back here, at most ITEM_DEPTH_MAX deep. */
static void walk_message(walk *w, span message, span prefix, unsigned depth)
{
	arena a = arena_new(TREE_MAX);
	part_tree t;
	if (!part_parse(message, &a, &t)) {
		w->problems |= ITEM_TOO_MANY;
		t.count = 0;
	}
	for (uint32_t i = 0; i < t.count && !w->stopped; i++)
		if (has_row(&t, i))
			walk_part(w, &t, i, prefix, depth);
	arena_free(&a);
}

unsigned item_walk(span message, item_fn *each, void *arg)
{
	walk w = {.each = each, .arg = arg};
	walk_message(&w, message, S(""), 0);
	return w.problems;
}
