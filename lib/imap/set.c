#include "imap/set.h"

#include <stdlib.h>

/* "*" or a number that is not 0. */
static bool one(imap_scan *s, uint32_t *to)
{
	*to = IMAP_STAR;
	return imap_char(s, '*') || (imap_number(s, to) && *to != 0);
}

static size_t commas(span text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n && (ascii_digit((unsigned char)text.p[i]) ||
					  text.p[i] == ',' || text.p[i] == ':' || text.p[i] == '*');
	     i++)
		n += text.p[i] == ',';
	return n;
}

bool imap_set_parse(imap_scan *s, imap_set *to)
{
	const span before = s->rest;
	*to = (imap_set){arena_alloc(s->mem, (commas(before) + 1) * sizeof *to->v), 0};
	while (to->v) {
		imap_range *r = &to->v[to->n++];
		if (!one(s, &r->first))
			break;
		r->last = r->first;
		if (imap_char(s, ':') && !one(s, &r->last))
			break;
		if (!imap_char(s, ','))
			return true;
	}
	s->rest = before;
	return false;
}

static int by_first(const void *a, const void *b)
{
	const imap_range *x = a, *y = b;
	return (x->first > y->first) - (x->first < y->first);
}

void imap_set_settle(imap_set *set, uint32_t largest)
{
	for (size_t i = 0; i < set->n; i++) {
		imap_range *r = &set->v[i];
		uint32_t a = r->first == IMAP_STAR ? largest : r->first;
		uint32_t b = r->last == IMAP_STAR ? largest : r->last;
		*r = a < b ? (imap_range){a, b} : (imap_range){b, a};
	}
	qsort(set->v, set->n, sizeof *set->v, by_first);
	size_t n = 0;
	for (size_t i = 0; i < set->n; i++) {
		imap_range r = set->v[i];
		if (n && r.first <= set->v[n - 1].last + (uint64_t)1) {
			if (r.last > set->v[n - 1].last)
				set->v[n - 1].last = r.last;
		} else {
			set->v[n++] = r;
		}
	}
	set->n = n;
}

bool imap_set_has(const imap_set *set, uint32_t number)
{
	size_t from = 0, to = set->n;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (set->v[middle].last < number)
			from = middle + 1;
		else
			to = middle;
	}
	return from < set->n && set->v[from].first <= number;
}

static void put_range(imap_ranges *r, str *to)
{
	if (r->written++)
		(void)str_putc(to, ',');
	(void)str_putu(to, r->first);
	if (r->last > r->first) {
		(void)str_putc(to, ':');
		(void)str_putu(to, r->last);
	}
}

void imap_ranges_put(imap_ranges *r, uint32_t number, str *to)
{
	if (r->first && number == r->last + (uint64_t)1) {
		r->last = number;
		return;
	}
	imap_ranges_end(r, to);
	r->first = r->last = number;
}

void imap_ranges_end(imap_ranges *r, str *to)
{
	if (r->first)
		put_range(r, to);
	r->first = 0;
}
