#include "maildir/place.h"

#include <time.h>

#include "maildir/find.h"

enum { TRIES = 32 };

static const struct timespec moment = {.tv_nsec = 2000000};

static bool set_place(place *p, span name, bool is_new)
{
	if (!roll_is_name(name) || name.n >= sizeof p->name)
		return false;
	memcpy(p->name, name.p, name.n);
	p->name[name.n] = 0;
	p->is_new = is_new;
	return true;
}

void place_begin(place_search *s, folder *f, size_t i)
{
	*s = (place_search){.f = f, .i = i};
	const roll_entry *e = &f->b.is.roll.v[i];
	(void)set_place(&s->at, roll_name(&f->b.is.roll, e), (e->flags & FOLDER_NEW) != 0);
}

void place_forget(folder *f)
{
	if (f->looked)
		census_free(&f->moved);
	f->looked = false;
}

/* One look at all files tells of all messages that were renamed. */
static bool in_census(place_search *s, span base)
{
	folder *f = s->f;
	if (!f->looked) {
		if (!census_take(&f->moved, f->b.part, 1u << IN_NEW | 1u << IN_CUR,
				 &f->b.is.roll)) {
			census_free(&f->moved);
			return false;
		}
		f->looked = true;
	}
	for (size_t i = 0; i < f->moved.odd_n; i++) {
		span name = census_at(&f->moved, i);
		if (span_starts(name, base) && (name.n == base.n || name.p[base.n] == ':'))
			return set_place(&s->at, name, f->moved.odd[i].is_new);
	}
	return false;
}

bool place_again(place_search *s)
{
	span base = roll_base(&s->f->b.is.roll, &s->f->b.is.roll.v[s->i]);
	str found = str_new(NAME_MAX + 8);
	enum find_result r = FIND_NO;
	bool done = false;
	journal_stamp before[PARTS];
	if (s->tries++ == 0 && in_census(s, base)) {
		str_free(&found);
		return true;
	}
	while (!done && r != FIND_ERROR && s->tries++ < TRIES) {
		bool quiet = census_quiet(s->f->b.part, before);
		unsigned changed = 0;
		r = base.n ? find_unique(s->f->b.dir, base, &found) : FIND_NO;
		if (r == FIND_YES)
			done = set_place(&s->at, span_sub(str_span(&found), 4, found.n),
					 span_starts(str_span(&found), S("new/")));
		else if (r == FIND_NO && quiet && census_due(s->f->b.part, before, &changed) &&
			 !changed)
			break;
		else if (r == FIND_NO && !quiet) /* it will soon be: a scan that counts */
			(void)nanosleep(&moment, NULL);
		errno = EAGAIN;
	}
	int error = done || r == FIND_ERROR ? errno : s->tries < TRIES ? ENOENT : EAGAIN;
	str_free(&found);
	errno = error;
	return done;
}
