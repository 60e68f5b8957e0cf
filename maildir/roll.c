#include "maildir/roll.h"

#include <sys/mman.h>

#include "base/die.h"
#include "maildir/name.h"

static const char letters[] = "DFPRST"; /* bit i of the flags */

void roll_free(roll *r)
{
	roll_forget(r);
	if (r->owned)
		free(r->v);
	if (r->gone_room)
		free(r->gone);
	free(r->more);
	map_close(&r->index);
	*r = (roll){.names = S("")};
}

span roll_name(const roll *r, const roll_entry *e)
{
	size_t n = e->name_n;
	if (e->name <= r->names.n && n <= r->names.n - e->name)
		return span_of(r->names.p + e->name, n);
	uint64_t at = e->name - r->names.n;
	if (e->name >= r->names.n && at <= r->more_n && n <= r->more_n - at)
		return span_of(r->more + at, n);
	return S("");
}

span roll_base(const roll *r, const roll_entry *e)
{
	return span_sub(roll_name(r, e), 0, e->base_n);
}

size_t roll_find(const roll *r, uint32_t uid, bool *exact)
{
	size_t from = 0, to = r->n;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		if (r->v[mid].uid < uid)
			from = mid + 1;
		else
			to = mid;
	}
	*exact = from < r->n && r->v[from].uid == uid;
	return from;
}

static uint32_t hash(span s)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 16777619u;
	return h;
}

bool roll_is_name(span name)
{
	return name.n > 0 && name.n <= NAME_ROOM && name.p[0] != '.' && name.p[0] != ':' &&
	       !memchr(name.p, 0, name.n) && !memchr(name.p, '/', name.n);
}

uint32_t roll_flags(span name, bool is_new)
{
	name_flags set = name_flags_of(name);
	uint32_t flags = is_new ? FOLDER_NEW : 0;
	for (unsigned i = 0; i < sizeof letters - 1; i++)
		if (set & name_flag(letters[i]))
			flags |= 1u << i;
	return flags;
}

uint64_t roll_letters(uint32_t flags)
{
	name_flags set = 0;
	for (unsigned i = 0; i < sizeof letters - 1; i++)
		if (flags >> i & 1)
			set |= name_flag(letters[i]);
	return set;
}

/* Room for so many entries, our own where the map has it not. */
static void have_room(roll *r, size_t room)
{
	if (r->room >= room)
		return;
	size_t more = r->n + r->n / 8 + 64;
	if (r->owned) {
		r->v = xrealloc(r->v, more, sizeof *r->v);
	} else {
		roll_entry *v = xrealloc(NULL, more, sizeof *v);
		if (r->n)
			memcpy(v, r->v, r->n * sizeof *v);
		r->v = v;
		r->owned = true;
	}
	r->room = more;
}

static uint64_t put_name(roll *r, span name)
{
	if (r->more_room - r->more_n < name.n) {
		r->more_room = r->more_room * 2 + name.n + 1024;
		r->more = xrealloc(r->more, r->more_room, 1);
	}
	memcpy(r->more + r->more_n, name.p, name.n);
	r->more_n += name.n;
	return r->names.n + r->more_n - name.n;
}

roll_tally roll_count(const roll *r)
{
	roll_tally t = {.known = true};
	if (r->tally.known)
		return r->tally;
	for (size_t i = r->n; i-- > 0;) {
		const uint32_t flags = r->v[i].flags;
		t.fresh += (flags & (FOLDER_NEW | FOLDER_RECENT)) != 0;
		t.unseen += !(flags & FOLDER_SEEN);
		t.first_unseen = flags & FOLDER_SEEN ? t.first_unseen : i + 1;
	}
	return t;
}

static void set_name(roll *r, roll_entry *e, span name, bool is_new)
{
	r->tally.known = false;
	span old = roll_name(r, e);
	if (!e->name_n || !span_eq(old, name))
		e->name = put_name(r, name);
	e->name_n = (uint16_t)name.n;
	e->base_n = (uint16_t)name_unique(name).n;
	e->flags = (e->flags & (FOLDER_RECENT | ROLL_GONE | ROLL_OPEN)) | roll_flags(name, is_new);
}

bool roll_add(roll *r, const roll_entry *e, span name, bool is_new)
{
	if (!roll_is_name(name) || r->n >= ROLL_MAX || e->uid == 0 ||
	    (r->n && r->v[r->n - 1].uid >= e->uid))
		return false;
	have_room(r, r->n + 1);
	roll_entry *to = &r->v[r->n++];
	*to = *e;
	to->name_n = 0;
	to->flags = 0;
	set_name(r, to, name, is_new);
	to->hash = hash(name_unique(name));
	return true;
}

void roll_rename(roll *r, size_t i, span name, bool is_new)
{
	set_name(r, &r->v[i], name, is_new);
}

void roll_put_gone(roll *r, roll_gone g)
{
	roll_gone *last = r->gone_n ? &r->gone[r->gone_n - 1] : NULL;
	if (last && last->modseq == g.modseq && last->last < g.first && g.first - last->last == 1) {
		last->last = g.last;
		return;
	}
	if (r->gone_n >= r->gone_room) {
		size_t room = r->gone_n * 2 + 16;
		roll_gone *v = xrealloc(r->gone_room ? r->gone : NULL, room, sizeof *v);
		if (!r->gone_room && r->gone_n)
			memcpy(v, r->gone, r->gone_n * sizeof *v);
		r->gone = v;
		r->gone_room = room;
	}
	r->gone[r->gone_n++] = g;
}

void roll_expunge(roll *r, size_t i, uint64_t modseq)
{
	roll_entry *e = &r->v[i];
	if (e->flags & ROLL_GONE)
		return;
	e->flags |= ROLL_GONE;
	r->dead++;
	roll_put_gone(r, (roll_gone){modseq, e->uid, e->uid});
}

void roll_compress(roll *r)
{
	size_t to = 0;
	if (!r->dead)
		return;
	roll_forget(r);
	for (size_t i = 0; i < r->n; i++)
		if (!(r->v[i].flags & ROLL_GONE))
			r->v[to++] = r->v[i];
	r->n = to;
	r->dead = 0;
	r->tally.known = false;
}

static void build(roll *r)
{
	r->table_size = 64;
	while (r->table_size < r->n * 2)
		r->table_size *= 2;
	r->table = xcalloc(r->table_size, sizeof *r->table);
	for (size_t i = 0; i < r->n; i++) {
		size_t at = r->v[i].hash & (r->table_size - 1);
		if (r->v[i].flags & ROLL_GONE)
			continue;
		while (r->table[at])
			at = (at + 1) & (r->table_size - 1);
		r->table[at] = (uint32_t)i + 1;
	}
}

size_t roll_lookup(roll *r, span base)
{
	if (!r->table)
		build(r);
	uint32_t h = hash(base);
	for (size_t at = h & (r->table_size - 1); r->table[at];
	     at = (at + 1) & (r->table_size - 1)) {
		size_t i = r->table[at] - 1;
		if (r->v[i].hash == h && span_eq(roll_base(r, &r->v[i]), base))
			return i;
	}
	return SIZE_MAX;
}

void roll_forget(roll *r)
{
	free(r->table);
	r->table = NULL;
	r->table_size = 0;
}
