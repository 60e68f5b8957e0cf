#include "base/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"

static const span others = {"(others)", 8};

tally tally_new(size_t max)
{
	return (tally){.max = max};
}

void tally_free(tally *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->rows[i].key);
	free(t->rows);
	free(t->slots);
	*t = (tally){.max = t->max};
}

/* FNV-1a. */
static size_t hash(span key)
{
	uint64_t h = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < key.n; i++)
		h = (h ^ (unsigned char)key.p[i]) * UINT64_C(1099511628211);
	return (size_t)(h ^ h >> 32);
}

/* The slot of the key, or the free one where it belongs. */
static size_t *slot_of(const tally *t, span key)
{
	size_t i = hash(key) & (t->slot_count - 1);
	while (t->slots[i] && !span_eq(span_str(t->rows[t->slots[i] - 1].key), key))
		i = (i + 1) & (t->slot_count - 1);
	return &t->slots[i];
}

static void grow(tally *t)
{
	t->slot_count = t->slot_count ? t->slot_count * 2 : 64;
	free(t->slots);
	t->slots = xcalloc(t->slot_count, sizeof *t->slots);
	for (size_t i = 0; i < t->count; i++)
		*slot_of(t, span_str(t->rows[i].key)) = i + 1;
}

static char *own(span key)
{
	char *p = xmalloc(key.n + 1);
	memcpy(p, key.p, key.n);
	p[key.n] = 0;
	return p;
}

tally_row *tally_at(tally *t, span key)
{
	key.n = key.n ? strnlen(key.p, key.n) : 0; /* names are strings */
	if (2 * (t->count + 1) >= t->slot_count)
		grow(t);
	size_t *slot = slot_of(t, key);
	if (!*slot && t->count >= t->max)
		slot = slot_of(t, key = others);
	if (*slot)
		return &t->rows[*slot - 1];
	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 32;
		t->rows = xrealloc(t->rows, t->room, sizeof *t->rows);
	}
	*slot = t->count + 1;
	t->rows[t->count] = (tally_row){.key = own(key)};
	return &t->rows[t->count++];
}

static size_t sort_by;

static int compare(const void *a, const void *b)
{
	const tally_row *one = a, *two = b;
	if (one->v[sort_by] != two->v[sort_by])
		return one->v[sort_by] < two->v[sort_by] ? 1 : -1;
	return strcmp(one->key, two->key);
}

void tally_sort(tally *t, size_t by)
{
	sort_by = by;
	if (t->count)
		qsort(t->rows, t->count, sizeof *t->rows, compare);
}
