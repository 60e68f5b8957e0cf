#include "maildir/move.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "io/file.h"
#include "maildir/find.h"
#include "maildir/index.h"

enum {
	PATH_ROOM = 65536,
	TRIES = 8, /* times that a message may be renamed while we try */
	LOOKS_FEW =
	    8, /* messages that are looked for in the directories; for more all is read once */
	LOOKS_MORE = 256, /* that the memory does not know and are looked for all the same */
};

bool move_place_of(span path, move_place *p)
{
	size_t slash = span_rfind(path, '/');
	if (slash + 1 >= path.n || slash < 3)
		return false;
	span part = span_sub(path, slash - 3, slash);
	bool alone = slash == 3;
	p->is_new = span_eq(part, S("new"));
	p->name = span_sub(path, slash + 1, path.n);
	if ((!p->is_new && !span_eq(part, S("cur"))) || (!alone && path.p[slash - 4] != '/'))
		return false;
	p->folder = alone ? S("") : span_sub(path, 0, slash - 4);
	if (!alone && p->folder.n == 0)
		p->folder = S("/");
	return true;
}

void move_put_path(const move_place *p, str *to)
{
	(void)str_put(to, p->folder);
	if (p->folder.n && !span_ends(p->folder, S("/")))
		(void)str_putc(to, '/');
	(void)str_put(to, p->is_new ? S("new/") : S("cur/"));
	(void)str_put(to, p->name);
}

/* By link(2) where the file system has no such rename: a stop between its two halves leaves two names, never
 * none. */
static bool rename_by_link(int from, const char *old, int to, const char *name)
{
	if (linkat(from, old, to, name, 0) == 0)
		return unlinkat(from, old, 0) == 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK)
		return false;
	return renameat(from, old, to, name) == 0; /* it was not there a moment ago */
}

bool move_rename(int from, const char *old, int to, const char *name)
{
	struct stat st;
	if (fstatat(to, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST; /* some file systems take the flag and replace all the same */
		return false;
	}
	if (renameat2(from, old, to, name, RENAME_NOREPLACE) == 0)
		return true;
	return (errno == EINVAL || errno == ENOSYS) && rename_by_link(from, old, to, name);
}

/* ---- flags */

struct flagger {
	str folder; /* the one that is open */
	int fd;
	bool opened, changed;
	size_t looks; /* messages of it that were not where they should be */
	bool indexed;
	name_index index;
};

flagger *flagger_new(void)
{
	flagger *f = xcalloc(1, sizeof *f);
	f->folder = str_new(PATH_ROOM);
	f->fd = -1;
	return f;
}

static void drop_index(flagger *f)
{
	if (f->indexed)
		index_free(&f->index);
	f->indexed = false;
}

void flagger_free(flagger *f)
{
	if (!f)
		return;
	drop_index(f);
	if (f->fd >= 0)
		(void)close(f->fd);
	str_free(&f->folder);
	free(f);
}

static bool sync_part(int folder, const char *part)
{
	int fd = file_open_dir(folder, part);
	bool done = fd >= 0 && file_sync(fd);
	int error = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = error;
	return done;
}

bool flagger_sync(flagger *f)
{
	bool done = !f->changed || (sync_part(f->fd, "cur") && sync_part(f->fd, "new"));
	f->changed = false;
	return done;
}

static bool enter(flagger *f, span folder)
{
	if (f->opened && span_eq(str_span(&f->folder), folder))
		return true;
	if (!flagger_sync(f))
		return false;
	drop_index(f);
	if (f->fd >= 0)
		(void)close(f->fd);
	f->looks = 0;
	str_clear(&f->folder);
	(void)str_put(&f->folder, folder);
	f->fd = file_open_dir(AT_FDCWD, folder.n ? str_cstr(&f->folder) : ".");
	f->opened = f->fd >= 0;
	return f->opened;
}

static enum find_result look_in_directories(flagger *f, span unique, str *place)
{
	str_clear(place);
	return find_unique(f->fd, unique, place);
}

/* *place becomes "cur/NAME" or "new/NAME". */
static enum find_result look_for(flagger *f, span unique, str *place)
{
	const char *dir = f->folder.n ? str_cstr(&f->folder) : ".";
	if (++f->looks <= LOOKS_FEW)
		return look_in_directories(f, unique, place);
	if (!f->indexed && !(f->indexed = index_read(&f->index, dir)))
		return FIND_ERROR;
	const scan_message *m = index_find(&f->index, unique);
	if (!m)
		return f->looks < LOOKS_MORE ? look_in_directories(f, unique, place) : FIND_NO;
	str_clear(place);
	(void)str_put(place, index_is_new(&f->index, m) ? S("new/") : S("cur/"));
	(void)str_put(place, scan_name(m));
	return FIND_YES;
}

static name_flags changed(const move_flags *c, name_flags before)
{
	return c->exact ? c->set : (before | c->set) & ~c->unset;
}

/* A file is there that has our name: another name of this same file, or a stranger, who keeps it. */
static bool meet(int fd, const char *old, str *name)
{
	struct stat a, b;
	if (fstatat(fd, old, &a, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstatat(fd, str_cstr(name), &b, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return unlinkat(fd, old, 0) == 0;
	str fresh = str_new(PATH_ROOM);
	(void)str_put(&fresh, span_sub(str_span(name), 0, 4));
	name_fresh(span_sub(str_span(name), 4, name->n), &fresh);
	bool done = move_rename(fd, old, fd, str_cstr(&fresh));
	if (done) {
		str_clear(name);
		(void)str_put(name, str_span(&fresh));
	}
	str_free(&fresh);
	return done;
}

/* One try: "new/X" or "cur/X" in *place becomes what the change makes of it. */
static bool change_once(flagger *f, const move_flags *c, str *place)
{
	str name = str_new(PATH_ROOM);
	struct stat st;
	span entry = span_sub(str_span(place), 4, place->n);
	bool is_new = span_starts(str_span(place), S("new/"));
	name_flags before = name_flags_of(entry), after = changed(c, before);
	bool done;
	if (before == after && (!is_new || !after)) {
		done = fstatat(f->fd, str_cstr(place), &st, AT_SYMLINK_NOFOLLOW) == 0;
		str_free(&name);
		return done;
	}
	(void)str_put(&name, is_new && !after ? S("new/") : S("cur/"));
	name_with_flags(entry, after, &name);
	done = move_rename(f->fd, str_cstr(place), f->fd, str_cstr(&name)) ||
	       (errno == EEXIST && meet(f->fd, str_cstr(place), &name));
	if (done) {
		f->changed = true;
		str_clear(place);
		(void)str_put(place, str_span(&name));
	}
	int error = errno;
	str_free(&name);
	errno = error;
	return done;
}

static enum move_result change(flagger *f, span unique, const move_flags *c, str *place)
{
	for (int i = 0; i < TRIES; i++) {
		if (change_once(f, c, place))
			return MOVE_DONE;
		if (errno != ENOENT)
			return MOVE_ERROR;
		enum find_result r = look_for(f, unique, place);
		if (r != FIND_YES)
			return r == FIND_NO ? MOVE_GONE : MOVE_ERROR;
		if (i)
			drop_index(f); /* what it told was old */
	}
	return MOVE_GONE;
}

enum move_result flagger_change(flagger *f, span path, const move_flags *c, str *new_path)
{
	move_place p;
	if (!move_place_of(path, &p)) {
		errno = EINVAL;
		return MOVE_ERROR;
	}
	if (!enter(f, p.folder))
		return errno == ENOENT ? MOVE_GONE : MOVE_ERROR;
	str place = str_new(PATH_ROOM);
	(void)str_put(&place, p.is_new ? S("new/") : S("cur/"));
	(void)str_put(&place, p.name);
	enum move_result r = change(f, name_unique(p.name), c, &place);
	int error = errno;
	if (r == MOVE_DONE) {
		p.is_new = span_starts(str_span(&place), S("new/"));
		p.name = span_sub(str_span(&place), 4, place.n);
		move_put_path(&p, new_path);
	}
	str_free(&place);
	errno = error;
	return r;
}
