#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

struct arena_block {
	struct arena_block *next;
	size_t size, at; /* octets of data[], and how many are handed out */
	alignas(max_align_t) char data[];
};

/* The first is small: many hold a few names only, and an idle session has several. */
enum { FIRST = 1024 - sizeof(struct arena_block), BLOCK = 4096 - sizeof(struct arena_block) };

arena arena_new(size_t max)
{
	return (arena){.max = max};
}

static void grow(arena *a, size_t n)
{
	size_t size = n > BLOCK ? n : a->head || n > FIRST ? BLOCK : FIRST;
	struct arena_block *b = xmalloc(sizeof *b + size);
	b->next = a->head;
	b->size = size;
	b->at = 0;
	a->head = b;
}

void *arena_alloc(arena *a, size_t n)
{
	const size_t unit = alignof(max_align_t);
	if (n > a->max || n > SIZE_MAX - unit)
		return NULL;
	n = (n + unit - 1) / unit * unit;
	if (n > a->max - a->used)
		return NULL;
	if (!a->head || n > a->head->size - a->head->at)
		grow(a, n);
	void *p = a->head->data + a->head->at;
	a->head->at += n;
	a->used += n;
	return memset(p, 0, n);
}

char *arena_cstr(arena *a, span s)
{
	char *p = s.n < SIZE_MAX ? arena_alloc(a, s.n + 1) : NULL;
	if (p && s.n)
		memcpy(p, s.p, s.n);
	return p;
}

span arena_dup(arena *a, span s)
{
	char *p = arena_cstr(a, s);
	return (span){p, p ? s.n : 0};
}

void arena_reset(arena *a)
{
	struct arena_block *keep = a->head && a->head->size <= BLOCK ? a->head : NULL;
	struct arena_block *b = keep ? keep->next : a->head;
	while (b) {
		struct arena_block *next = b->next;
		free(b);
		b = next;
	}
	if (keep) {
		keep->next = NULL;
		keep->at = 0;
	}
	a->head = keep;
	a->used = 0;
}

void arena_free(arena *a)
{
	arena_reset(a);
	free(a->head);
	a->head = NULL;
}
