#include "mail/msgid.h"

#include "mail/header.h"

/* From '<' to the '>' that belongs to it: its length, 0 where this is none. */
static size_t length(span s)
{
	size_t n = 1;
	while (n < s.n && n < MSGID_MAX && s.p[n] > ' ' && s.p[n] < 0x7f && s.p[n] != '<' &&
	       s.p[n] != '>')
		n++;
	return n > 1 && n < s.n && s.p[n] == '>' ? n + 1 : 0;
}

/* A comment with the ones inside of it; to its parenthesis alone where it never ends. */
static size_t comment(span s)
{
	size_t depth = 0, n = 0;
	for (; n < s.n; n++) {
		if (s.p[n] == '\\')
			n++;
		else if (s.p[n] == '(')
			depth++;
		else if (s.p[n] == ')' && --depth == 0)
			return n + 1;
	}
	return 0;
}

bool msgid_next(span *rest, span *id)
{
	size_t at = 0;
	bool open = false; /* a comment that never ends was seen: no other one is looked for */
	while (at < rest->n) {
		span here = span_sub(*rest, at, rest->n);
		size_t n = here.p[0] == '<' ? length(here) : 0;
		if (n) {
			*id = span_sub(here, 0, n);
			*rest = span_sub(here, n, here.n);
			return true;
		}
		n = here.p[0] == '(' && !open ? comment(here) : 0;
		open = open || (here.p[0] == '(' && n == 0);
		at += n ? n : 1;
	}
	*rest = S("");
	return false;
}

static void put(span id, str *to)
{
	if (to->n)
		(void)str_putc(to, ' ');
	(void)str_put(to, id);
}

void msgid_chain(span ids, size_t max, str *to)
{
	str whole = str_new(ids.n * 2 + 1);
	span id, rest = ids;
	while (msgid_next(&rest, &id))
		put(id, &whole);
	span all = str_span(&whole);
	if (all.n > max) {
		span first = span_cut(&all, ' ');
		size_t left = max > first.n ? max - first.n - 1 : 0;
		size_t from = all.n > left ? all.n - left : 0;
		if (from && all.p[from - 1] != ' ') /* inside of an identifier: behind it */
			from += span_find(span_sub(all, from, all.n), ' ') + 1;
		put(first, to);
		all = span_sub(all, from, all.n);
	}
	if (all.n)
		put(all, to);
	str_free(&whole);
}

span msgid_of(span header)
{
	header_field f;
	span id;
	if (!header_get(header, "Message-ID", &f))
		return S("");
	return msgid_next(&f.body, &id) ? id : S("");
}

void msgid_references(span header, str *to)
{
	header_field f;
	span own = msgid_of(header), id, rest = S("");
	size_t count = 0;
	if (!own.n)
		return;
	if (header_get(header, "References", &f)) {
		rest = f.body;
	} else if (header_get(header, "In-Reply-To", &f)) {
		for (span look = f.body; msgid_next(&look, &id);)
			count++;
		rest = count == 1 ? f.body : S("");
	}
	str all = str_new(rest.n * 2 + own.n + 2);
	while (msgid_next(&rest, &id))
		if (!span_eq(id, own))
			put(id, &all);
	put(own, &all);
	msgid_chain(str_span(&all), MSGID_CHAIN_MAX, to);
	str_free(&all);
}
