#include "resolve/expand.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "mail/key.h"

/* Addresses met so far, by key; open addressing, twice as many slots as there can be targets. */
enum { SLOTS = 32768 };

typedef struct expanding {
	resolver *r;
	arena *mem;
	uint64_t size;
	expansion *out;
	size_t room;	 /* steps that fit */
	uint32_t *slots; /* index of the step plus one */
	span *keys;	 /* of each step */
} expanding;

static uint32_t hash(span s)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 16777619u;
	return h;
}

/* The step that has this key, or `index`, which has it from now on. */
static size_t meet(expanding *x, span key, size_t index)
{
	uint32_t at = hash(key) % SLOTS;
	while (x->slots[at]) {
		size_t other = x->slots[at] - 1;
		if (span_eq(x->keys[other], key))
			return other;
		at = (at + 1) % SLOTS;
	}
	x->slots[at] = (uint32_t)index + 1;
	x->keys[index] = key;
	return index;
}

static bool above(const expansion *e, size_t index, size_t ancestor)
{
	while (index != ancestor && index != e->steps[index].parent)
		index = e->steps[index].parent;
	return index == ancestor;
}

static void worsen(expansion *e, const status *st)
{
	if (status_is_ok(st))
		return;
	if (status_is_ok(&e->worst) || (status_is_permanent(&e->worst) && !status_is_permanent(st)))
		e->worst = *st;
}

static void refuse(expanding *x, expand_step *s, status st)
{
	s->answer.kind = RESOLVE_REFUSED;
	s->answer.why = st;
	worsen(x->out, &st);
}

static span key_of(expanding *x, const addr *a)
{
	str key = str_new(4096);
	key_write(a->local, a->domain, &key);
	span kept = arena_dup(x->mem, str_span(&key));
	str_free(&key);
	return kept;
}

static bool grow(expanding *x)
{
	if (x->out->count < x->room)
		return true;
	if (x->out->count > EXPAND_TARGETS_MAX)
		return false;
	size_t room = x->room ? x->room * 2 : 16;
	x->out->steps = xrealloc(x->out->steps, room, sizeof *x->out->steps);
	x->keys = xrealloc(x->keys, room, sizeof *x->keys);
	x->room = room;
	return true;
}

/* Appends the step for one address and follows it. */
static void follow(expanding *x, const addr *a, size_t parent, size_t depth)
{
	expansion *e = x->out;
	if (!grow(x)) {
		status st = status_doubt("more than %d addresses", EXPAND_TARGETS_MAX);
		worsen(e, &st);
		return;
	}
	size_t self = e->count++;
	expand_step *s = &e->steps[self];
	*s = (expand_step){.depth = depth, .parent = depth ? parent : self};
	resolve(x->r, a, x->size, x->mem, &s->answer);
	span key = key_of(x, &s->answer.address);
	size_t first = key.p ? meet(x, key, self) : self;
	if (!key.p)
		refuse(x, s, status_doubt("too many addresses"));
	else if (first != self && above(e, parent, first))
		refuse(x, s, status_doubt("alias loop"));
	else if (depth > EXPAND_DEPTH_MAX)
		refuse(x, s, status_doubt("aliases nested more than %d deep", EXPAND_DEPTH_MAX));
	else if (first != self)
		s->repeated = true;
	else if (s->answer.kind == RESOLVE_REFUSED)
		worsen(e, &s->answer.why);
	if (s->repeated || s->answer.kind != RESOLVE_EXPAND)
		return;
	const addr *targets = s->answer.targets; /* s itself may move */
	size_t count = s->answer.target_count;
	for (size_t i = 0; i < count && e->count <= EXPAND_TARGETS_MAX; i++)
		follow(x, &targets[i], self, depth + 1);
}

void resolve_full(resolver *r, const addr *a, uint64_t size, arena *mem, expansion *out)
{
	expanding x = {.r = r, .mem = mem, .size = size, .out = out};
	*out = (expansion){.worst = status_ok()};
	x.slots = xcalloc(SLOTS, sizeof *x.slots);
	follow(&x, a, 0, 0);
	expand_step *kept = arena_alloc(mem, out->count * sizeof *kept);
	if (kept) {
		memcpy(kept, out->steps, out->count * sizeof *kept);
	} else {
		out->worst = status_doubt("too many addresses");
		out->count = 0;
	}
	free(out->steps);
	free(x.slots);
	free(x.keys);
	out->steps = kept;
}
