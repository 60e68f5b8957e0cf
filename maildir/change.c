/* What a session changes of messages that are there. */
#include <sys/stat.h>

#include "base/die.h"
#include "io/file.h"
#include "mail/crlf.h"
#include "maildir/move.h"
#include "maildir/name.h"
#include "maildir/place.h"
#include "maildir/quota.h"

enum { AT_ONCE = 1024, CHUNK = 64 * 1024 };

/* ---- flags */

typedef struct change {
	enum folder_how how;
	uint32_t flags;
	uint64_t keywords;
	uint64_t modseq;
	bool take; /* out of new/ alone: flags stay */
	bool renamed, this_one;
	bool *modified; /* NULL: whatever happened to a message */
	uint64_t since;
} change;

/* What is so of a message now. The view may be behind the log: a change must build on what another session wrote. */
typedef struct present {
	uint64_t modseq, keywords;
} present;

typedef struct presents {
	const folder *f;
	const size_t *indexes;
	size_t count;
	present *v;
} presents;

static void hear(void *arg, const journal_record *r)
{
	presents *p = arg;
	size_t from = 0, to = p->count;
	if (r->kind != JOURNAL_FLAGS && r->kind != JOURNAL_MESSAGE) /* of a log written anew */
		return;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (p->f->b.is.roll.v[p->indexes[middle]].uid < r->entry.uid)
			from = middle + 1;
		else
			to = middle;
	}
	if (from < p->count && p->f->b.is.roll.v[p->indexes[from]].uid == r->entry.uid)
		p->v[from] = (present){r->entry.modseq, r->entry.keywords};
}

/* Under the lock, for indexes of the view. */
static status hear_all(presents *p)
{
	const books *b = &p->f->b;
	journal_reading result;
	for (size_t k = 0; k < p->count; k++) {
		const roll_entry *e = &b->is.roll.v[p->indexes[k]];
		p->v[k] = (present){e->modseq, e->keywords};
	}
	if (b->at < b->seen && !journal_read(b->log, b->at, hear, p, &result))
		return books_error(b, "read pabal.log in");
	return status_ok();
}

static name_flags letters_after(const change *c, name_flags before)
{
	name_flags ours = roll_letters(c->flags), all = roll_letters(FOLDER_FLAGS);
	if (c->take)
		return before;
	if (c->how == FOLDER_SET)
		return (before & ~all) | ours;
	return c->how == FOLDER_ADD ? before | ours : before & ~ours;
}

static uint64_t keywords_after(const change *c, uint64_t before)
{
	if (c->take)
		return before;
	if (c->how == FOLDER_SET)
		return c->keywords;
	return c->how == FOLDER_ADD ? before | c->keywords : before & ~c->keywords;
}

/* The file at this place gets the name that it should have; false with errno. */
static bool rename_file(folder *f, place *at, change *c)
{
	struct stat st;
	span old = span_str(at->name);
	name_flags before = name_flags_of(old), after = letters_after(c, before);
	int from = f->b.part[at->is_new ? IN_NEW : IN_CUR];
	if (before == after && !(c->take && at->is_new))
		return fstatat(from, at->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	str name = str_new(NAME_MAX);
	name_with_flags(old, after, &name);
	bool done = false;
	errno = ENAMETOOLONG;
	if (!name.over)
		done = move_rename(from, at->name, f->b.part[IN_CUR], str_cstr(&name));
	if (done) {
		(void)snprintf(at->name, sizeof at->name, "%s", str_cstr(&name));
		at->is_new = false;
		c->renamed = c->this_one = true;
	}
	int error = errno;
	/* Others were faster, or the message has two names, of which one goes when it is surely so (settle.c). */
	if (!done && error == EEXIST)
		error = fstatat(from, at->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? errno : EAGAIN;
	str_free(&name);
	errno = error;
	return done;
}

/* Under the lock. A message that is gone is left; false with errno for everything else. */
static bool change_one(folder *f, size_t i, const present *now, change *c)
{
	roll_entry *e = &f->b.is.roll.v[i];
	place_search s;
	c->this_one = false;
	place_begin(&s, f, i);
	while (!rename_file(f, &s.at, c)) {
		if (errno != ENOENT)
			return false;
		if (!place_again(&s))
			return errno == ENOENT;
	}
	span name = span_str(s.at.name);
	uint64_t keywords = keywords_after(c, now->keywords);
	bool moved =
	    s.at.is_new != !!(e->flags & FOLDER_NEW) || !span_eq(roll_name(&f->b.is.roll, e), name);
	bool same =
	    keywords == now->keywords && !((roll_flags(name, false) ^ e->flags) & FOLDER_FLAGS);
	if (same && !moved) {
		e->keywords = keywords;
		e->modseq = now->modseq;
		return true;
	}
	journal_record r = {.kind = JOURNAL_FLAGS, .is_new = s.at.is_new};
	r.entry.uid = e->uid;
	r.entry.keywords = keywords;
	r.entry.modseq = same ? now->modseq : c->modseq;
	r.name = span_sub(name, name_unique(name).n, name.n);
	books_put(&f->b, &r);
	e->keywords = keywords;
	e->modseq = r.entry.modseq;
	if (c->take && c->this_one)
		e->flags |= FOLDER_RECENT;
	roll_rename(&f->b.is.roll, i, name, s.at.is_new);
	return true;
}

/* At most AT_ONCE of them, all in the view. */
static status change_some(folder *f, const size_t *indexes, size_t count, change *c)
{
	status st = books_lock(&f->b);
	if (!status_is_ok(&st))
		return st;
	const bool current = !f->b.other && f->b.at == f->b.seen;
	present *now = xcalloc(count + 1, sizeof *now);
	st = hear_all(&(presents){f, indexes, count, now});
	c->renamed = false;
	c->modseq = f->b.is.modseq + 1;
	for (size_t k = 0; status_is_ok(&st) && k < count; k++) {
		if (c->modified && (c->modified[k] = now[k].modseq > c->since))
			continue;
		if (!change_one(f, indexes[k], &now[k], c))
			st = books_error(&f->b, "change a flag in");
	}
	free(now);
	/* What leaves new/ may come back with a crash, under its old name; no flag that was promised does. */
	if (c->renamed && !c->take && !file_sync(f->b.part[IN_CUR]) && status_is_ok(&st))
		st = books_error(&f->b, "sync");
	status said = books_commit(&f->b); /* what was done before a failure too */
	if (current && status_is_ok(&said)) /* the roll has it: nobody need read it again */
		f->b.at = f->b.seen;
	books_unlock(&f->b);
	return status_is_ok(&st) ? said : st;
}

static status change_all(folder *f, const size_t *indexes, size_t count, change *c)
{
	status st = status_ok();
	bool *modified = c->modified;
	while (count && indexes[count - 1] >= f->b.is.roll.n)
		count--;
	for (size_t k = 0; status_is_ok(&st) && k < count; k += AT_ONCE) {
		c->modified = modified ? modified + k : NULL;
		st = change_some(f, indexes + k, count - k < AT_ONCE ? count - k : AT_ONCE, c);
	}
	return st;
}

status folder_store(folder *f, const size_t *indexes, size_t count, enum folder_how how,
		    uint32_t flags, uint64_t keywords)
{
	change c = {.how = how, .flags = flags & FOLDER_FLAGS, .keywords = keywords};
	return change_all(f, indexes, count, &c);
}

status folder_store_unchanged(folder *f, const size_t *indexes, size_t count, enum folder_how how,
			      uint32_t flags, uint64_t keywords, uint64_t since, bool *modified)
{
	change c = {.how = how,
		    .flags = flags & FOLDER_FLAGS,
		    .keywords = keywords,
		    .since = since,
		    .modified = modified};
	memset(modified, 0, count * sizeof *modified);
	return change_all(f, indexes, count, &c);
}

status folder_take_new(folder *f)
{
	const roll *r = &f->b.is.roll;
	change c = {.take = true};
	size_t n = 0, *indexes = NULL;
	if (r->tally.known && !r->tally.fresh)
		return status_ok();
	for (size_t i = 0; i < r->n; i++) {
		if (!(r->v[i].flags & FOLDER_NEW))
			continue;
		if ((n & (n - 1)) == 0)
			indexes = xrealloc(indexes, n ? n * 2 : 1, sizeof *indexes);
		indexes[n++] = i;
	}
	status st = n ? change_all(f, indexes, n, &c) : status_ok();
	free(indexes);
	return st;
}

/* ---- keywords */

static int keyword_bit(const ledger *l, span name)
{
	for (int i = 0; i < FOLDER_KEYWORDS; i++)
		if (l->keywords[i] && span_eqi(span_str(l->keywords[i]), name))
			return i;
	return -1;
}

static bool is_keyword(span name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 0x7f)
			return false;
	return name.n && name.n <= KEYWORD_MAX;
}

int folder_keyword_bit(folder *f, span name, bool make)
{
	ledger *l = &f->b.is;
	int bit = keyword_bit(l, name);
	if (bit >= 0 || !make || !is_keyword(name))
		return bit;
	status st = books_lock(&f->b);
	if (!status_is_ok(&st))
		return -1;
	bit = keyword_bit(l, name); /* another session may have made it */
	for (int i = 0; bit < 0 && i < FOLDER_KEYWORDS; i++) {
		if (l->keywords[i])
			continue;
		journal_record r = {.kind = JOURNAL_KEYWORD, .bit = (unsigned)i, .name = name};
		books_put(&f->b, &r);
		bit = i;
	}
	st = books_commit(&f->b);
	if (!status_is_ok(&st) && bit >= 0) {
		free(l->keywords[bit]);
		l->keywords[bit] = NULL;
		bit = -1;
	}
	books_unlock(&f->b);
	return bit;
}

span folder_keyword(const folder *f, int bit)
{
	return bit >= 0 && bit < FOLDER_KEYWORDS ? span_str(f->b.is.keywords[bit]) : S("");
}

/* ---- removing */

static bool remove_file(folder *f, size_t i, bool touched[PARTS])
{
	place_search s;
	place_begin(&s, f, i);
	for (;;) {
		unsigned part = s.at.is_new ? IN_NEW : IN_CUR;
		if (*s.at.name && unlinkat(f->b.part[part], s.at.name, 0) == 0) {
			touched[part] = true;
			return true;
		}
		if (*s.at.name && errno != ENOENT)
			return false;
		if (!place_again(&s))
			return errno == ENOENT;
	}
}

/* Unlinked and synced before the log says so: if it were the other way, a file that is there again after a crash would
 * be a new message. */
static status expunge_some(folder *f, const size_t *indexes, size_t count)
{
	const roll *r = &f->b.is.roll;
	bool touched[PARTS] = {false, false};
	status st = books_lock(&f->b);
	if (!status_is_ok(&st))
		return st;
	uint64_t modseq = f->b.is.modseq + 1;
	for (size_t k = 0; status_is_ok(&st) && k < count; k++) {
		size_t i = indexes[k];
		if (i >= r->n)
			continue;
		if (!remove_file(f, i, touched)) {
			st = books_error(&f->b, "remove a message from");
			break;
		}
		journal_record x = {.kind = JOURNAL_GONE,
				    .gone = {modseq, r->v[i].uid, r->v[i].uid}};
		books_put(&f->b, &x);
		maildir_used_remove(f->b.path, r->v[i].octets);
	}
	for (unsigned part = 0; part < PARTS; part++)
		if (touched[part] && !file_sync(f->b.part[part]) && status_is_ok(&st))
			st = books_error(&f->b, "sync");
	status said = books_commit(&f->b);
	books_unlock(&f->b);
	return status_is_ok(&st) ? said : st;
}

status folder_expunge(folder *f, const size_t *indexes, size_t count)
{
	status st = status_ok();
	for (size_t k = 0; status_is_ok(&st) && k < count; k += AT_ONCE)
		st = expunge_some(f, indexes + k, count - k < AT_ONCE ? count - k : AT_ONCE);
	return st;
}

/* ---- sizes */

/* Octets, octets with CRLF line ends (a CR that is there counts once), and what the last line lacks of its. */
static bool count_octets(int fd, char *buf, uint64_t *octets, uint64_t *wire, uint32_t *open_end)
{
	bool cr = false;
	ssize_t n;
	*octets = *wire = *open_end = 0;
	while ((n = file_pread(fd, buf, CHUNK, (off_t)*octets)) > 0) {
		*octets += (uint64_t)n;
		*wire += crlf_size(span_of(buf, (size_t)n), &cr, NULL);
		*open_end = buf[n - 1] == '\n' ? 0 : cr ? 1 : 2;
	}
	return n == 0;
}

static bool measure_one(folder *f, size_t i, char *buf)
{
	roll_entry *e = &f->b.is.roll.v[i];
	int fd = folder_open_msg(f, i);
	uint64_t octets, wire;
	uint32_t open_end;
	if (fd < 0)
		return errno == ENOENT;
	bool done = count_octets(fd, buf, &octets, &wire, &open_end);
	int error = errno;
	(void)close(fd);
	errno = error;
	if (done) {
		e->octets = octets;
		e->wire = wire;
		e->flags = (e->flags & ~(uint32_t)ROLL_OPEN) | open_end << ROLL_OPEN_SHIFT;
	}
	return done;
}

/* What was counted is remembered; if it cannot be, it is counted again next time. */
static void write_sizes(folder *f, const size_t *counted, size_t n)
{
	status st = books_lock(&f->b);
	if (!status_is_ok(&st))
		return;
	for (size_t k = 0; k < n; k++) {
		journal_record r = {.kind = JOURNAL_SIZES, .entry = f->b.is.roll.v[counted[k]]};
		books_put(&f->b, &r);
	}
	(void)books_commit(&f->b);
	books_unlock(&f->b);
}

status folder_measure(folder *f, size_t from, size_t to)
{
	size_t counted[AT_ONCE], n = 0;
	char *buf = NULL;
	status st = status_ok();
	for (size_t i = from; status_is_ok(&st) && i < to && i < f->b.is.roll.n; i++) {
		if (f->b.is.roll.v[i].wire)
			continue;
		if (!buf)
			buf = xmalloc(CHUNK);
		if (!measure_one(f, i, buf))
			st = books_error(&f->b, "read a message in");
		else if (f->b.is.roll.v[i].wire)
			counted[n++] = i;
		if (n == AT_ONCE) {
			write_sizes(f, counted, n);
			n = 0;
		}
	}
	if (n)
		write_sizes(f, counted, n);
	free(buf);
	return st;
}
