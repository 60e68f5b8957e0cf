#include "queue/top.h"

#include <stdlib.h>

#include "base/die.h"
#include "io/sum.h"

enum { KEY_MAX = 1024, FIRST_SLOTS = 256 };

const int64_t top_age_ends[TOP_AGES - 1] = {300, 3600, 4 * 3600, 86400, 3 * 86400};

top top_new(void)
{
	return (top){.rows = NULL};
}

void top_free(top *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->rows[i].destination);
		free(t->rows[i].reason);
		free(t->rows[i].key);
	}
	free(t->rows);
	free(t->slots);
	*t = top_new();
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* DESTINATION LF REASON, a run of digits as one '#'. */
static size_t make_key(span destination, span reason, char key[static KEY_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < destination.n && n < KEY_MAX / 2; i++)
		key[n++] = lower(destination.p[i]);
	key[n++] = '\n';
	for (size_t i = 0; i < reason.n && i < TOP_REASON_MAX; i++)
		if (!digit(reason.p[i]))
			key[n++] = reason.p[i];
		else if (key[n - 1] != '#')
			key[n++] = '#';
	return n;
}

static char *copy(span s, bool fold)
{
	char *to = xmalloc(s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i] ? s.p[i] : '?';
		to[i] = fold ? lower(c) : c;
	}
	to[s.n] = 0;
	return to;
}

static size_t *find_slot(const top *t, span key)
{
	size_t at = sum_crc32(0, key) % t->slot_count;
	while (t->slots[at] && !span_eq(span_str(t->rows[t->slots[at] - 1].key), key))
		at = (at + 1) % t->slot_count;
	return &t->slots[at];
}

static void grow(top *t)
{
	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 64;
		t->rows = xrealloc(t->rows, t->room, sizeof *t->rows);
	}
	if (2 * (t->count + 1) <= t->slot_count)
		return;
	free(t->slots);
	t->slot_count = t->slot_count ? t->slot_count * 2 : FIRST_SLOTS;
	t->slots = xcalloc(t->slot_count, sizeof *t->slots);
	for (size_t i = 0; i < t->count; i++)
		*find_slot(t, span_str(t->rows[i].key)) = i + 1;
}

static size_t age_column(int64_t age)
{
	size_t i = 0;
	while (i < TOP_AGES - 1 && age >= top_age_ends[i])
		i++;
	return i;
}

void top_add(top *t, span destination, span reason, int64_t age)
{
	char text[KEY_MAX];
	span key = span_of(text, make_key(destination, reason, text));
	for (size_t i = 0; i < key.n; i++)
		text[i] = text[i] ? text[i] : '?';
	grow(t);
	size_t *slot = find_slot(t, key);
	if (!*slot) {
		span words =
		    reason.n > TOP_REASON_MAX ? span_sub(reason, 0, TOP_REASON_MAX) : reason;
		t->rows[t->count] = (top_row){.destination = copy(destination, true),
					      .reason = copy(words, false),
					      .key = copy(key, false)};
		*slot = ++t->count;
	}
	top_row *r = &t->rows[*slot - 1];
	r->count++;
	r->ages[age_column(age)]++;
	if (age > r->oldest)
		r->oldest = age;
}

static int by_destination(const void *a, const void *b)
{
	return strcmp(((const top_row *)a)->destination, ((const top_row *)b)->destination);
}

static int most_first(const void *a, const void *b)
{
	const top_row *x = a, *y = b;
	if (x->of_destination != y->of_destination)
		return x->of_destination > y->of_destination ? -1 : 1;
	int order = strcmp(x->destination, y->destination);
	if (order)
		return order;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->reason, y->reason);
}

void top_sort(top *t)
{
	if (t->count == 0)
		return;
	qsort(t->rows, t->count, sizeof *t->rows, by_destination);
	for (size_t i = 0; i < t->count;) {
		size_t end = i, sum = 0;
		while (end < t->count && by_destination(&t->rows[i], &t->rows[end]) == 0)
			sum += t->rows[end++].count;
		while (i < end)
			t->rows[i++].of_destination = sum;
	}
	qsort(t->rows, t->count, sizeof *t->rows, most_first);
}
