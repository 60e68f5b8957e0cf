#include "maildir/cache_record.h"

#include <string.h>

#include "io/sum.h"

enum { MESSAGE_MARK = 0x4d434850, TABLE_MARK = 0x54434850, ABSENT = UINT32_MAX };

typedef struct message_head {
	uint32_t mark, size; /* of the record */
	uint32_t sum;	     /* of all behind it up to the pieces */
	uint32_t hash, base_n;
	uint32_t n[CACHE_PIECES], sums[CACHE_PIECES];
	uint32_t spare;
} message_head;

typedef struct table_head {
	uint32_t mark, size;
	uint32_t sum; /* of what follows in the head */
	uint32_t slots, records, spare;
} table_head;

_Static_assert(sizeof(message_head) == 56 && sizeof(table_head) == CACHE_TABLE_HEAD &&
		   sizeof(cache_head) == 64 && sizeof(cache_slot) == 8,
	       "as pabal-maildir(5) has them");
enum { SUMMED = 12 }; /* octets before what the sum is of */

uint32_t cache_hash(span base)
{
	return sum_crc32(0, base);
}

static size_t aligned(size_t n)
{
	return (n + CACHE_ALIGN - 1) / CACHE_ALIGN * CACHE_ALIGN;
}

static void take_message(span at, cache_entry *e)
{
	message_head h;
	if (at.n < sizeof h)
		return;
	memcpy(&h, at.p, sizeof h);
	if (h.size > at.n || h.size > CACHE_RECORD_MAX || h.size % CACHE_ALIGN ||
	    h.base_n > h.size || sizeof h + h.base_n > h.size ||
	    h.sum != sum_crc32(0, span_of(at.p + SUMMED, sizeof h - SUMMED + h.base_n)))
		return;
	size_t from = sizeof h + h.base_n;
	for (int i = 0; i < CACHE_PIECES; i++) {
		e->sums[i] = h.sums[i];
		if (h.n[i] == ABSENT)
			continue;
		if (h.n[i] > h.size - from)
			return;
		e->record.piece[i] = span_of(at.p + from, h.n[i]);
		from += h.n[i];
	}
	e->base = span_of(at.p + sizeof h, h.base_n);
	e->hash = h.hash;
	e->size = h.size;
	e->octets = span_of(at.p, h.size);
	e->kind = CACHE_MESSAGE;
}

static void take_table(span at, cache_entry *e)
{
	table_head h;
	if (at.n < sizeof h)
		return;
	memcpy(&h, at.p, sizeof h);
	if (h.size > at.n || !h.slots || (h.slots & (h.slots - 1)) ||
	    h.size != sizeof h + (uint64_t)h.slots * sizeof(cache_slot) ||
	    h.sum != sum_crc32(0, span_of(at.p + SUMMED, sizeof h - SUMMED)))
		return;
	e->slots = h.slots;
	e->records = h.records;
	e->size = h.size;
	e->octets = span_of(at.p, h.size);
	e->kind = CACHE_TABLE;
}

void cache_take(span file, uint64_t at, cache_entry *e)
{
	uint32_t mark;
	*e = (cache_entry){.kind = CACHE_NOTHING, .base = S("")};
	if (at % CACHE_ALIGN || at < sizeof(cache_head) || at > file.n || file.n - at < sizeof mark)
		return;
	span rest = span_of(file.p + at, file.n - at);
	memcpy(&mark, rest.p, sizeof mark);
	if (mark == MESSAGE_MARK)
		take_message(rest, e);
	else if (mark == TABLE_MARK)
		take_table(rest, e);
}

void cache_check(cache_entry *e, unsigned wanted)
{
	for (int i = 0; i < CACHE_PIECES; i++) {
		span *s = &e->record.piece[i];
		if (s->p && (!(wanted >> i & 1) || sum_crc32(0, *s) != e->sums[i]))
			*s = (span){NULL, 0};
	}
}

bool cache_put_record(span base, const cache_record *r, str *to)
{
	message_head h = {.mark = MESSAGE_MARK, .hash = cache_hash(base)};
	static const char zeros[CACHE_ALIGN];
	size_t size = sizeof h + base.n;
	if (base.n > CACHE_RECORD_MAX)
		return false;
	h.base_n = (uint32_t)base.n;
	for (int i = 0; i < CACHE_PIECES; i++) {
		span s = r->piece[i];
		if (s.n > CACHE_RECORD_MAX)
			return false;
		h.n[i] = s.p ? (uint32_t)s.n : ABSENT;
		h.sums[i] = s.p ? sum_crc32(0, s) : 0;
		size += s.n;
	}
	if (aligned(size) > CACHE_RECORD_MAX)
		return false;
	h.size = (uint32_t)aligned(size);
	h.sum = sum_crc32(0, span_of((const char *)&h + SUMMED, sizeof h - SUMMED));
	h.sum = sum_crc32(h.sum, base);
	size_t before = to->n;
	bool done = str_put(to, span_of((const char *)&h, sizeof h)) && str_put(to, base);
	for (int i = 0; i < CACHE_PIECES && done; i++)
		if (r->piece[i].p)
			done = str_put(to, r->piece[i]);
	done = done && str_put(to, span_of(zeros, h.size - size));
	if (!done) {
		str_cut(to, before);
		to->over = false;
	}
	return done;
}

void cache_put_table(const cache_slot *slot, size_t slots, size_t records, str *to)
{
	table_head h = {.mark = TABLE_MARK, .slots = (uint32_t)slots, .records = (uint32_t)records};
	h.size = (uint32_t)(sizeof h + slots * sizeof *slot);
	h.sum = sum_crc32(0, span_of((const char *)&h + SUMMED, sizeof h - SUMMED));
	(void)str_put(to, span_of((const char *)&h, sizeof h));
	(void)str_put(to, span_of((const char *)slot, slots * sizeof *slot));
}
