#include "maildir/settle.h"

#include <sys/stat.h>

#include "base/die.h"
#include "maildir/move.h"
#include "maildir/name.h"

enum { LOOKS = 2, LOOKS_FIRST = 4 };

typedef struct newcomer {
	int64_t arrived;
	uint64_t name; /* in `names` */
	uint16_t name_n, base_n;
	bool is_new;
	uint64_t octets;
	int64_t date;
} newcomer;

typedef struct settling {
	folder *f;
	const census *c;
	newcomer *v; /* owned */
	size_t n, room;
	char *names; /* owned */
	size_t names_n, names_room;
	uint64_t modseq; /* of what changes now; 0: none yet */
	bool stale;	 /* something of the census was not so any more */
	bool unproven;	 /* a message is missing, and that is not certain */
	bool mended;	 /* we changed the directories ourselves */
} settling;

static uint64_t modseq(settling *s)
{
	if (!s->modseq)
		s->modseq = s->f->b.is.modseq + 1;
	return s->modseq;
}

static bool stat_file(const settling *s, span name, bool is_new, struct stat *st)
{
	char path[NAME_MAX + 1];
	if (name.n > NAME_MAX)
		return false;
	memcpy(path, name.p, name.n);
	path[name.n] = 0;
	return fstatat(s->f->b.part[is_new ? IN_NEW : IN_CUR], path, st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- new messages */

static void add_newcomer(settling *s, span name, bool is_new, const struct stat *st)
{
	newcomer n = {.is_new = is_new,
		      .octets = (uint64_t)st->st_size,
		      .date = st->st_mtim.tv_sec > 0 ? st->st_mtim.tv_sec : 0,
		      .name_n = (uint16_t)name.n,
		      .base_n = (uint16_t)name_unique(name).n};
	if (!name_arrived(name, &n.arrived))
		n.arrived = st->st_mtim.tv_sec;
	if (s->n == s->room) {
		s->room = s->room * 2 + 16;
		s->v = xrealloc(s->v, s->room, sizeof *s->v);
	}
	if (s->names_room - s->names_n < name.n) {
		s->names_room = s->names_room * 2 + name.n + 1024;
		s->names = xrealloc(s->names, s->names_room, 1);
	}
	memcpy(s->names + s->names_n, name.p, name.n);
	n.name = s->names_n;
	s->names_n += name.n;
	s->v[s->n++] = n;
}

static span newcomer_name(const settling *s, const newcomer *n)
{
	return span_of(s->names + n->name, n->name_n);
}

/* Those of one second by their names; of two names of one message the one in cur/ first. */
static int older(const void *a, const void *b, void *arg)
{
	const settling *s = arg;
	const newcomer *x = a, *y = b;
	if (x->arrived != y->arrived)
		return x->arrived < y->arrived ? -1 : 1;
	int order = span_cmp(span_sub(newcomer_name(s, x), 0, x->base_n),
			     span_sub(newcomer_name(s, y), 0, y->base_n));
	if (order)
		return order;
	if (x->is_new != y->is_new)
		return x->is_new ? 1 : -1;
	return span_cmp(newcomer_name(s, x), newcomer_name(s, y));
}

/* The keywords of a damaged log, under the bits that they had; those bits that lead to their names now. */
static uint64_t old_keywords(books *b)
{
	uint64_t same = 0;
	for (unsigned i = 0; i < FOLDER_KEYWORDS; i++) {
		journal_record k = {.kind = JOURNAL_KEYWORD, .bit = i};
		if (!b->old.keywords[i])
			continue;
		k.name = span_str(b->old.keywords[i]);
		if (!b->is.keywords[i])
			books_put(b, &k);
		if (span_eq(span_str(b->is.keywords[i]), k.name))
			same |= (uint64_t)1 << i;
	}
	return same;
}

static void put_newcomer(settling *s, const newcomer *n, uint64_t same)
{
	books *b = &s->f->b;
	span name = newcomer_name(s, n);
	uint64_t told, wire = 0;
	size_t old = b->old.roll.n ? roll_lookup(&b->old.roll, name_unique(name)) : SIZE_MAX;
	const roll_entry *was = old == SIZE_MAX ? NULL : &b->old.roll.v[old];
	if (!name_octets(name, &told) || told != n->octets || !name_wire(name, &wire) ||
	    wire < told)
		wire = was && was->octets == n->octets && !(was->flags & ROLL_OPEN) ? was->wire : 0;
	journal_record r = {.kind = JOURNAL_MESSAGE, .is_new = n->is_new, .name = name};
	r.entry = (roll_entry){.uid = b->is.uidnext,
			       .modseq = modseq(s),
			       .keywords = was ? was->keywords & same : 0,
			       .date = n->date,
			       .octets = n->octets,
			       .wire = wire};
	books_put(b, &r);
}

static status number_newcomers(settling *s)
{
	books *b = &s->f->b;
	span last = {NULL, 0};
	uint64_t same = s->n ? old_keywords(b) : 0;
	if (s->n)
		qsort_r(s->v, s->n, sizeof *s->v, older, s);
	for (size_t i = 0; i < s->n; i++) {
		const newcomer *n = &s->v[i];
		span name = newcomer_name(s, n), base = span_sub(name, 0, n->base_n);
		if (last.p && span_eq(base, last)) {
			s->stale = true; /* the next look decides which of the two stays */
			continue;
		}
		last = base;
		if (b->is.uidnext == UINT32_MAX)
			return status_doubt("%s: all UIDs are used up", b->path);
		put_newcomer(s, n, same);
	}
	return status_ok();
}

/* ---- renamed ones */

static void put_place(settling *s, size_t i, span name, bool is_new)
{
	roll_entry *e = &s->f->b.is.roll.v[i];
	e->flags |= ROLL_FOUND;
	bool same = ((roll_flags(name, is_new) ^ e->flags) & FOLDER_FLAGS) == 0;
	journal_record r = {.kind = JOURNAL_FLAGS, .is_new = is_new};
	r.entry.uid = e->uid;
	r.entry.modseq = same ? e->modseq : modseq(s);
	r.entry.keywords = e->keywords;
	r.name = span_sub(name, name_unique(name).n, name.n);
	books_put(&s->f->b, &r);
}

static bool both_settled(const census *c)
{
	return c->settled[IN_NEW] && c->settled[IN_CUR];
}

/* Another file under this base: it gets a base of its own, and is a message of its own. */
static void part_ways(settling *s, span name, bool is_new, const struct stat *st)
{
	char old[NAME_MAX + 1];
	int part = s->f->b.part[is_new ? IN_NEW : IN_CUR];
	str fresh = str_new(NAME_MAX);
	name_fresh(name, &fresh);
	(void)snprintf(old, sizeof old, "%.*s", SPAN_FMT(name));
	if (!fresh.over && move_rename(part, old, part, str_cstr(&fresh)))
		add_newcomer(s, str_span(&fresh), is_new, st);
	str_free(&fresh);
}

/* Two names with one base, both there for so long that it is no rename under way. Of one file, one name goes (under
 * the lock, always the same one, so that two sessions never take both). */
static void meet(settling *s, size_t i, span odd, bool odd_new, const struct stat *odd_st,
		 const struct stat *known_st)
{
	books *b = &s->f->b;
	const roll_entry *e = &b->is.roll.v[i];
	char name[NAME_MAX + 1];
	bool known_new = (e->flags & FOLDER_NEW) != 0;
	if (!both_settled(s->c)) {
		s->unproven = true;
		return;
	}
	s->mended = true;
	if (odd_st->st_ino != known_st->st_ino || odd_st->st_dev != known_st->st_dev) {
		part_ways(s, odd, odd_new, odd_st);
		return;
	}
	span known = roll_name(&b->is.roll, e);
	bool odd_goes = odd_new != known_new ? odd_new : span_cmp(odd, known) < 0;
	span goes = odd_goes ? odd : known;
	bool from_new = odd_goes ? odd_new : known_new;
	if (odd_st->st_nlink < 2)
		return;
	(void)snprintf(name, sizeof name, "%.*s", SPAN_FMT(goes));
	(void)unlinkat(b->part[from_new ? IN_NEW : IN_CUR], name, 0);
	if (!odd_goes)
		put_place(s, i, odd, odd_new);
}

static void resolve_odd(settling *s, span name, bool is_new)
{
	roll *r = &s->f->b.is.roll;
	struct stat st, known;
	size_t i = roll_lookup(r, name_unique(name));
	if (i != SIZE_MAX && is_new == !!(r->v[i].flags & FOLDER_NEW) &&
	    span_eq(roll_name(r, &r->v[i]), name))
		return;
	if (!stat_file(s, name, is_new, &st))
		s->stale = true;
	else if (!S_ISREG(st.st_mode))
		return;
	else if (i != SIZE_MAX && r->v[i].flags & ROLL_FOUND)
		s->stale = true; /* two names that both are new: the next look decides */
	else if (i == SIZE_MAX)
		add_newcomer(s, name, is_new, &st);
	else if (stat_file(s, roll_name(r, &r->v[i]), (r->v[i].flags & FOLDER_NEW) != 0, &known))
		meet(s, i, name, is_new, &st, &known);
	else
		put_place(s, i, name, is_new);
}

/* ---- gone ones */

static void resolve_missing(settling *s, uint32_t uid)
{
	roll *r = &s->f->b.is.roll;
	bool exact;
	struct stat st;
	size_t i = roll_find(r, uid, &exact);
	if (!exact)
		return;
	if (stat_file(s, roll_name(r, &r->v[i]), (r->v[i].flags & FOLDER_NEW) != 0, &st)) {
		s->stale = true;
		return;
	}
	if (!both_settled(s->c)) {
		s->unproven = true;
		return;
	}
	journal_record x = {.kind = JOURNAL_GONE, .gone = {modseq(s), uid, uid}};
	books_put(&s->f->b, &x);
}

/* All that the census saw is in the log: who opens the folder next need not look. */
static void put_stamps(settling *s)
{
	const census *c = s->c;
	journal_record d = {.kind = JOURNAL_STAMPS};
	memcpy(d.stamps, s->f->b.is.stamps, sizeof d.stamps);
	if (s->stale || s->unproven || s->mended)
		return;
	for (size_t i = 0; i < PARTS; i++)
		if (c->settled[i])
			d.stamps[i] = c->stamps[i];
	if (c->settled[IN_NEW] || c->settled[IN_CUR])
		books_put(&s->f->b, &d);
}

static status resolve(settling *s)
{
	for (size_t i = 0; i < s->c->odd_n; i++)
		resolve_odd(s, census_at(s->c, i), s->c->odd[i].is_new);
	for (size_t i = 0; i < s->c->missing_n; i++)
		resolve_missing(s, s->c->missing[i]);
	roll_forget(&s->f->b.is.roll);
	status st = number_newcomers(s);
	if (status_is_ok(&st)) {
		put_stamps(s);
		st = books_commit(&s->f->b);
	}
	free(s->v);
	free(s->names);
	return st;
}

static bool tells(const census *c)
{
	return c->odd_n || c->missing_n || c->settled[IN_NEW] || c->settled[IN_CUR];
}

static status resolve_locked(settling *s)
{
	books *b = &s->f->b;
	status st = books_lock(b);
	if (!status_is_ok(&st))
		return st;
	st = books_catch_up(b);
	if (status_is_ok(&st))
		st = resolve(s);
	if (status_is_ok(&st))
		st = books_catch_up(b);
	books_unlock(b);
	return st;
}

status settle(folder *f, bool first)
{
	books *b = &f->b;
	unsigned parts = 0, also = 0;
	status st = books_catch_up(b);
	census_tame(b->part);
	for (int i = 0; status_is_ok(&st) && i < (first ? LOOKS_FIRST : LOOKS); i++) {
		census c;
		settling s = {.f = f, .c = &c};
		if (!census_due(b->part, b->is.stamps, &parts))
			return books_error(b, "look into");
		if (!(parts | also))
			break;
		if (!census_take(&c, b->part, parts | also, &b->is.roll))
			st = books_error(b, "look into");
		else if (tells(&c))
			st = resolve_locked(&s);
		bool narrow = !(c.looked[IN_NEW] && c.looked[IN_CUR]);
		bool again = c.moved || s.stale || s.mended || (s.unproven && narrow);
		also = s.unproven || s.stale ? 1u << IN_NEW | 1u << IN_CUR : 0;
		census_free(&c);
		if (!again)
			break;
	}
	return st;
}
