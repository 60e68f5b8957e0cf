/* SEARCH: the answer, as it comes or, of RETURN, as a whole (RFC 4731, 3.1). */
#include "imap/search.h"

#include "imap/search_tree.h"

enum { OCTETS_PER_NUMBER = 24 };

typedef struct answer {
	imap_box *box;
	search_look *look;
	bool uid, plain;
	uint32_t min, max; /* 0: nothing was found */
	size_t count;
	uint64_t modseq; /* the highest of what is told */
	str all;
	imap_ranges ranges;
} answer;

static void found(answer *a, size_t i)
{
	folder_msg m = folder_at(a->box->f, i);
	uint32_t n = a->uid ? m.uid : (uint32_t)i + 1;
	if (a->plain) {
		out_putc(a->box->out, ' ');
		out_putu(a->box->out, n);
	} else {
		imap_ranges_put(&a->ranges, n, &a->all);
	}
	a->min = a->count ? a->min : n;
	a->max = n;
	a->count++;
	a->modseq = m.modseq > a->modseq ? m.modseq : a->modseq;
}

static void look_at_all(answer *a, status *why)
{
	size_t n = folder_count(a->box->f);
	for (size_t i = 0; i < n; i++)
		if (search_matches(a->look, i, why))
			found(a, i);
	imap_ranges_end(&a->ranges, &a->all);
}

/* Where no more is asked for, the first and the last are found from both ends. */
static void look_at_ends(answer *a, unsigned returns, status *why)
{
	size_t n = folder_count(a->box->f), from = 0, to = n;
	if (returns & RETURN_MIN) {
		while (from < n && !search_matches(a->look, from, why))
			from++;
		if (from < n)
			found(a, from++);
	}
	if (returns & RETURN_MAX) {
		while (to > from && !search_matches(a->look, to - 1, why))
			to--;
		if (to > from)
			found(a, to - 1);
	}
}

static void put_number(answer *a, bool asked, const char *name, uint64_t n)
{
	if (!asked)
		return;
	out_puts(a->box->out, name);
	out_putu(a->box->out, n);
}

static void put_extended(answer *a, unsigned returns, span tag)
{
	out *o = a->box->out;
	out_puts(o, "* ESEARCH (TAG \"");
	out_put(o, tag);
	out_puts(o, a->uid ? "\") UID" : "\")");
	put_number(a, a->count && (returns & RETURN_MIN), " MIN ", a->min);
	put_number(a, a->count && (returns & RETURN_MAX), " MAX ", a->max);
	put_number(a, returns & RETURN_COUNT, " COUNT ", a->count);
	if (a->count && (returns & RETURN_ALL)) {
		out_puts(o, " ALL ");
		out_put(o, str_span(&a->all));
	}
}

bool imap_search_run(imap_box *box, imap_search *search, bool uid, span tag, status *why)
{
	unsigned returns = search->returns;
	answer a = {.box = box, .uid = uid, .plain = !returns};
	*why = status_ok();
	a.all = str_new((folder_count(box->f) + 1) * OCTETS_PER_NUMBER);
	a.look = search_look_new(box, search);
	if (a.plain)
		out_puts(box->out, "* SEARCH");
	if (a.plain || (returns & (RETURN_ALL | RETURN_COUNT)))
		look_at_all(&a, why);
	else
		look_at_ends(&a, returns, why);
	if (!a.plain)
		put_extended(&a, returns, tag);
	/* RFC 7162, 3.1.6; RFC 4731, 3.2 */
	if (search->condstore && a.count) {
		put_number(&a, true, a.plain ? " (MODSEQ " : " MODSEQ ", a.modseq);
		out_puts(box->out, a.plain ? ")" : "");
	}
	out_puts(box->out, "\r\n");
	search_look_free(a.look);
	str_free(&a.all);
	return status_is_ok(why);
}
