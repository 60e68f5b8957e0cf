#include "maildir/folder.h"

#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/die.h"
#include "io/file.h"
#include "maildir/find.h"
#include "maildir/place.h"
#include "maildir/settle.h"

void folder_close(folder *f)
{
	if (!f)
		return;
	place_forget(f);
	if (f->watch >= 0)
		(void)close(f->watch);
	books_close(&f->b);
	free(f);
}

folder *folder_open(const char *dir, status *why)
{
	folder *f = xcalloc(1, sizeof *f);
	f->watch = -1;
	*why = books_open(&f->b, dir);
	if (status_is_ok(why)) {
		find_sweep(f->b.dir, span_str(dir));
		*why = settle(f, true);
	}
	if (status_is_ok(why))
		*why = books_compact(&f->b);
	if (status_is_ok(why)) {
		ledger_free(&f->b.old);
		books_save(&f->b);
		return f;
	}
	if (why->code != EX_TEMPFAIL) /* numbered anew while it was opened */
		*why = status_doubt("%s: %s", dir, why->text);
	folder_close(f);
	return NULL;
}

uint32_t folder_uidvalidity(const folder *f)
{
	return f->b.is.uidvalidity;
}

uint32_t folder_uidnext(const folder *f)
{
	return f->b.is.uidnext;
}

uint64_t folder_highest_modseq(const folder *f)
{
	return f->b.is.modseq;
}

size_t folder_count(const folder *f)
{
	return f->b.is.roll.n;
}

folder_msg folder_at(const folder *f, size_t i)
{
	const roll_entry *e = &f->b.is.roll.v[i];
	return (folder_msg){.uid = e->uid,
			    .flags = e->flags & (FOLDER_FLAGS | FOLDER_NEW | FOLDER_RECENT),
			    .keywords = e->keywords,
			    .octets = e->octets,
			    .wire = e->wire,
			    .open_end = (e->flags & ROLL_OPEN) >> ROLL_OPEN_SHIFT,
			    .date = e->date,
			    .modseq = e->modseq,
			    .base = roll_base(&f->b.is.roll, e)};
}

folder_tally folder_count_flags(const folder *f)
{
	const roll_tally t = roll_count(&f->b.is.roll);
	return (folder_tally){t.fresh, t.unseen, t.first_unseen};
}

size_t folder_find(const folder *f, uint32_t uid, bool *exact)
{
	return roll_find(&f->b.is.roll, uid, exact);
}

/* ---- what changed */

typedef struct was {
	uint32_t uid, flags;
	uint64_t keywords;
} was;

static was *remember(const roll *r)
{
	was *old = xrealloc(NULL, r->n + 1, sizeof *old);
	for (size_t i = 0; i < r->n; i++)
		old[i] = (was){r->v[i].uid, r->v[i].flags & FOLDER_FLAGS, r->v[i].keywords};
	return old;
}

static void tell_gone(const roll *r, const was *old, size_t n, const folder_changes *c)
{
	for (size_t i = n, k = r->n; i-- > 0;) {
		while (k > 0 && r->v[k - 1].uid > old[i].uid)
			k--;
		if ((k == 0 || r->v[k - 1].uid != old[i].uid) && c->gone)
			c->gone(c->arg, i, old[i].uid);
	}
}

static void tell_new(const roll *r, const was *old, size_t n, const folder_changes *c)
{
	size_t i = 0;
	for (size_t k = 0; k < r->n; k++) {
		const roll_entry *e = &r->v[k];
		while (i < n && old[i].uid < e->uid)
			i++;
		if (i == n || old[i].uid != e->uid) {
			if (c->added)
				c->added(c->arg, k);
		} else if ((old[i].flags != (e->flags & FOLDER_FLAGS) ||
			    old[i].keywords != e->keywords) &&
			   c->changed) {
			c->changed(c->arg, k);
		}
	}
}

/* A few system calls where nothing changed. */
static bool idle(folder *f)
{
	struct stat st, there;
	unsigned parts;
	return fstat(f->b.log, &st) == 0 && st.st_size == f->b.at &&
	       fstatat(f->b.dir, "pabal.log", &there, 0) == 0 && there.st_ino == st.st_ino &&
	       census_due(f->b.part, f->b.is.stamps, &parts) && !parts;
}

static bool watch(int fd, const char *dir, const char *name, uint32_t what)
{
	str path = str_new(PATH_MAX);
	(void)str_printf(&path, "%s/%s", dir, name);
	bool done = !path.over && inotify_add_watch(fd, str_cstr(&path), what) >= 0;
	str_free(&path);
	return done;
}

/* IN_ATTRIB: another file got the name, so this one has a link less. */
static bool watch_log(folder *f)
{
	f->watched = f->b.switches;
	return watch(f->watch, f->b.path, "pabal.log",
		     IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF);
}

/* By the directories' times a refresh knows what changed; a watch only says when to look. */
int folder_watch(folder *f)
{
	const uint32_t files = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;
	if (f->watch >= 0)
		return f->watch;
	f->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f->watch >= 0 && watch(f->watch, f->b.path, "new", files) &&
	    watch(f->watch, f->b.path, "cur", files) && watch_log(f))
		return f->watch;
	if (f->watch >= 0)
		(void)close(f->watch);
	f->watch = -1;
	return -1;
}

/* Before anything is looked at: what comes later makes it readable again. */
static void drain(folder *f)
{
	char buf[4096] __attribute__((aligned(8)));
	while (f->watch >= 0 && read(f->watch, buf, sizeof buf) > 0)
		;
}

void folder_expunged(const folder *f, uint64_t since,
		     void (*each)(void *arg, uint32_t first, uint32_t last), void *arg)
{
	const roll *r = &f->b.is.roll;
	for (size_t i = 0; i < r->gone_n; i++)
		if (r->gone[i].modseq > since)
			each(arg, r->gone[i].first, r->gone[i].last);
}

/* What was appended to a new log before that was watched is looked for once more. */
static status look(folder *f)
{
	status st = settle(f, false);
	if (status_is_ok(&st))
		st = books_compact(&f->b);
	if (status_is_ok(&st) && f->watch >= 0 && f->watched != f->b.switches && watch_log(f))
		st = settle(f, false);
	return st;
}

status folder_refresh(folder *f, const folder_changes *changes)
{
	static const folder_changes none;
	const folder_changes *c = changes ? changes : &none;
	drain(f);
	if (idle(f))
		return status_ok();
	place_forget(f);
	size_t n = f->b.is.roll.n;
	was *old = remember(&f->b.is.roll);
	status st = look(f);
	/* What was taken in before it failed is told all the same: the view has it. */
	tell_gone(&f->b.is.roll, old, n, c);
	tell_new(&f->b.is.roll, old, n, c);
	free(old);
	if (status_is_ok(&st))
		books_save(&f->b);
	return st;
}

int folder_open_msg(folder *f, size_t i)
{
	place_search s;
	place_begin(&s, f, i);
	for (;;) {
		int fd = *s.at.name
			     ? file_open_read(f->b.part[s.at.is_new ? IN_NEW : IN_CUR], s.at.name)
			     : -1;
		if (fd >= 0)
			return fd;
		if (*s.at.name && errno != ENOENT)
			return -1;
		if (!place_again(&s))
			return -1;
	}
}
