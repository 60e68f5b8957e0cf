/* Moving messages to another folder. In this order for up to MOVER_BATCH of them:
 *
 *     link (or copy to tmp/, sync, link) each · sync the files · sync the folder · unlink the sources · sync their
 *     directories
 *
 * A stop before the third step leaves every message where it was, and perhaps in both places; afterwards it is in the
 * new place. Done again, the same file (or the same octets under the same name) there is the message, and only its
 * source is removed: so nothing is lost and nothing is there twice. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "io/file.h"
#include "maildir/find.h"
#include "maildir/index.h"
#include "maildir/move.h"
#include "maildir/quota.h"

enum {
	PATH_ROOM = 65536,
	FEW = 3, /* up to so many fsync calls; a syncfs(2) costs less than more of them */
	TRIES = 8,
	CHUNK = 65536,
};

typedef struct item {
	str source;  /* its path, as it is now */
	str name;    /* "cur/NAME" below the folder */
	bool placed; /* it is there */
	bool ours;   /* we put it there, just now */
	bool stays;  /* source and destination are one */
	enum move_result result;
	int error;
	uint64_t octets;
	dev_t dev; /* of the source, which is only removed as the file that it was */
	ino_t ino;
} item;

struct mover {
	str folder;
	int fd;
	bool keep;
	struct stat top; /* of the mailbox that the folder belongs to */
	name_index index;
	item items[MOVER_BATCH];
	str paths[MOVER_BATCH];
	size_t count;
};

/* The mailbox of a Maildir++ folder. */
static bool stat_top(const char *folder, struct stat *st)
{
	str path = str_new(PATH_ROOM);
	span name = span_str(folder);
	while (name.n > 1 && name.p[name.n - 1] == '/')
		name.n--;
	size_t slash = span_rfind(name, '/');
	span last = slash < name.n ? span_sub(name, slash + 1, name.n) : name;
	bool below = last.n > 1 && last.p[0] == '.' && !span_eq(last, S(".."));
	(void)str_printf(&path, below ? "%s/.." : "%s", *folder ? folder : ".");
	bool done = stat(str_cstr(&path), st) == 0;
	str_free(&path);
	return done;
}

mover *mover_new(const char *folder, bool keep)
{
	mover *m = xcalloc(1, sizeof *m);
	m->folder = str_new(PATH_ROOM);
	(void)str_put(&m->folder, span_str(folder));
	m->keep = keep;
	m->fd = file_open_dir(AT_FDCWD, folder);
	if (m->fd < 0 || faccessat(m->fd, "tmp", X_OK, 0) < 0 || !stat_top(folder, &m->top) ||
	    !index_read(&m->index, folder)) {
		int error = errno;
		mover_free(m);
		errno = error;
		return NULL;
	}
	return m;
}

static void empty(mover *m)
{
	for (size_t i = 0; i < m->count; i++) {
		str_free(&m->items[i].source);
		str_free(&m->items[i].name);
		str_free(&m->paths[i]);
	}
	m->count = 0;
}

void mover_free(mover *m)
{
	if (!m)
		return;
	empty(m);
	if (m->fd >= 0)
		(void)close(m->fd);
	if (m->index.table)
		index_free(&m->index);
	str_free(&m->folder);
	free(m);
}

static void fail(item *x)
{
	x->error = errno;
	x->result = errno == ENOENT ? MOVE_GONE : MOVE_ERROR;
}

/* ---- the source */

/* Where the message is now, if it has another name by now. */
static bool find_source(item *x)
{
	move_place p;
	str folder = str_new(PATH_ROOM), place = str_new(PATH_ROOM);
	bool found = false;
	int fd = -1;
	if (move_place_of(str_span(&x->source), &p)) {
		(void)str_put(&folder, p.folder.n ? p.folder : S("."));
		fd = file_open_dir(AT_FDCWD, str_cstr(&folder));
	}
	if (fd >= 0 && find_unique(fd, name_unique(p.name), &place) == FIND_YES) {
		str path = str_new(PATH_ROOM);
		p.is_new = span_starts(str_span(&place), S("new/"));
		p.name = span_sub(str_span(&place), 4, place.n);
		move_put_path(&p, &path);
		str_free(&x->source);
		x->source = path;
		found = true;
	}
	if (fd >= 0)
		(void)close(fd);
	str_free(&folder);
	str_free(&place);
	errno = ENOENT;
	return found;
}

static bool stat_source(item *x, struct stat *st)
{
	for (int i = 0; i < TRIES; i++) {
		if (fstatat(AT_FDCWD, str_cstr(&x->source), st, AT_SYMLINK_NOFOLLOW) == 0) {
			errno = EINVAL;
			return S_ISREG(st->st_mode);
		}
		if (errno != ENOENT || !find_source(x))
			return false;
	}
	return false;
}

/* ---- the place */

static bool same_octets(int a, int b)
{
	char *x = xmalloc(2 * (size_t)CHUNK), *y = x + CHUNK;
	ssize_t n = 0, other;
	off_t at = 0;
	bool same = true;
	do {
		n = file_pread(a, x, CHUNK, at);
		other = file_pread(b, y, CHUNK, at);
		same = n >= 0 && n == other && memcmp(x, y, (size_t)n) == 0;
		at += n;
	} while (same && n == CHUNK);
	free(x);
	return same;
}

/* Whether what has this name in the folder already is the message. */
static bool is_there(mover *m, item *x, const struct stat *st, const scan_message *found)
{
	struct stat there;
	str name = str_new(PATH_ROOM);
	(void)str_put(&name, index_is_new(&m->index, found) ? S("new/") : S("cur/"));
	(void)str_put(&name, scan_name(found));
	bool same = false;
	if (fstatat(m->fd, str_cstr(&name), &there, AT_SYMLINK_NOFOLLOW) == 0) {
		same = there.st_dev == st->st_dev && there.st_ino == st->st_ino;
		/* one name, one link: it is being moved to where it is */
		x->stays = same && st->st_nlink == 1;
		if (!same && there.st_size == st->st_size) {
			int a = file_open_read(AT_FDCWD, str_cstr(&x->source));
			int b = file_open_read(m->fd, str_cstr(&name));
			same = a >= 0 && b >= 0 && same_octets(a, b);
			(void)(a >= 0 && close(a));
			(void)(b >= 0 && close(b));
		}
	}
	if (same) {
		str_clear(&x->name);
		(void)str_put(&x->name, str_span(&name));
	}
	str_free(&name);
	return same;
}

static span directory_of(const item *x)
{
	span path = str_span(&x->source);
	size_t slash = span_rfind(path, '/');
	return slash < path.n ? span_sub(path, 0, slash + 1) : S("./");
}

/* The source may be the destination by another path: then it must not be removed. */
static bool same_entry(const mover *m, const item *x)
{
	struct stat a, b;
	str dir = str_new(PATH_ROOM);
	span path = str_span(&x->source), name = span_sub(str_span(&x->name), 4, x->name.n);
	size_t slash = span_rfind(path, '/');
	(void)str_put(&dir, directory_of(x));
	bool same = span_eq(slash < path.n ? span_sub(path, slash + 1, path.n) : path, name) &&
		    (stat(str_cstr(&dir), &a) < 0 ||
		     fstatat(m->fd, span_starts(str_span(&x->name), S("new/")) ? "new" : "cur", &b,
			     0) < 0 ||
		     (a.st_dev == b.st_dev && a.st_ino == b.st_ino));
	str_free(&dir);
	return same;
}

/* Copies into tmp/, durable; the name there in *tmp. */
static bool copy_to_tmp(mover *m, const item *x, const struct stat *st, str *tmp)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	(void)str_put(tmp, S("tmp/"));
	(void)str_put(tmp, name_unique(span_sub(str_span(&x->name), 4, x->name.n)));
	int from = file_open_read(AT_FDCWD, str_cstr(&x->source));
	if (from < 0)
		return false;
	int to = openat(m->fd, str_cstr(tmp), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			st->st_mode & 0666);
	bool made = to >= 0;
	bool done = made && file_copy(from, to) >= 0 && futimens(to, times) == 0 && file_sync(to);
	int error = errno;
	(void)close(from);
	if (made && close(to) < 0 && done) {
		error = errno;
		done = false;
	}
	if (made && !done)
		(void)unlinkat(m->fd, str_cstr(tmp), 0);
	errno = error;
	return done;
}

static bool copy(mover *m, const item *x, const struct stat *st)
{
	str tmp = str_new(PATH_ROOM);
	bool done = copy_to_tmp(m, x, st, &tmp);
	if (done && !move_rename(m->fd, str_cstr(&tmp), m->fd, str_cstr(&x->name))) {
		int error = errno;
		(void)unlinkat(m->fd, str_cstr(&tmp), 0);
		errno = error;
		done = false;
	}
	int error = errno;
	str_free(&tmp);
	errno = error;
	return done;
}

static bool link_or_copy(mover *m, const item *x, const struct stat *st)
{
	if (linkat(AT_FDCWD, str_cstr(&x->source), m->fd, str_cstr(&x->name), 0) == 0)
		return true;
	if (errno != EXDEV && errno != EPERM && errno != EMLINK && errno != EOPNOTSUPP)
		return false;
	return copy(m, x, st);
}

static void fresh_name(item *x)
{
	str name = str_new(PATH_ROOM);
	(void)str_put(&name, span_sub(str_span(&x->name), 0, 4));
	name_fresh(span_sub(str_span(&x->name), 4, x->name.n), &name);
	str_free(&x->name);
	x->name = name;
}

/* A file outside of a Maildir has no name of that kind; who names it has read it, so it goes to cur/. */
static void choose_name(item *x, const struct stat *st)
{
	move_place p;
	str_clear(&x->name);
	if (!move_place_of(str_span(&x->source), &p)) {
		(void)str_printf(&x->name, "cur/%lld.x.localhost,S=%llu:2,",
				 (long long)st->st_mtim.tv_sec, (unsigned long long)st->st_size);
		fresh_name(x);
		return;
	}
	(void)str_put(&x->name, p.is_new ? S("new/") : S("cur/"));
	(void)str_put(&x->name, p.name);
	if (!p.is_new && span_find(p.name, ':') == p.name.n)
		(void)str_put(&x->name, S(":2,"));
}

static void place(mover *m, item *x)
{
	struct stat st;
	if (!stat_source(x, &st)) {
		fail(x);
		return;
	}
	x->octets = (uint64_t)st.st_size;
	x->dev = st.st_dev;
	x->ino = st.st_ino;
	choose_name(x, &st);
	span path = str_span(&x->source);
	span own = span_sub(path, directory_of(x).n, path.n);
	if (span_rfind(path, '/') == path.n)
		own = path;
	const scan_message *found = index_find(&m->index, name_unique(own));
	if (found && is_there(m, x, &st, found)) {
		x->stays = x->stays || same_entry(m, x);
		x->placed = true;
		return;
	}
	if (found)
		fresh_name(x);
	for (int i = 0; i < TRIES && !x->placed; i++) {
		x->placed = link_or_copy(m, x, &st);
		if (!x->placed && errno == EEXIST)
			fresh_name(x);
		else if (!x->placed && (errno != ENOENT || !find_source(x)))
			break;
	}
	if (!x->placed) {
		fail(x);
		return;
	}
	x->ours = true;
	span name = str_span(&x->name);
	if (!index_add(&m->index, span_sub(name, 4, name.n), span_starts(name, S("new/"))))
		fail(x);
}

/* ---- durable */

static bool sync_placed(const mover *m, const item *x)
{
	int fd = file_open_read(m->fd, str_cstr(&x->name));
	bool done = fd >= 0 && file_sync(fd);
	int error = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = error;
	return done;
}

static bool goes_on(const item *x)
{
	return x->placed && x->result == MOVE_DONE && !x->stays;
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

static void sync_all(mover *m)
{
	size_t n = 0;
	for (size_t i = 0; i < m->count; i++)
		n += goes_on(m->items + i);
	bool together = n > FEW && syncfs(m->fd) == 0;
	for (size_t i = 0; i < m->count && !together; i++)
		if (goes_on(m->items + i) && !sync_placed(m, m->items + i))
			fail(m->items + i);
	/* COMMIT: from here on the messages are in the folder, whatever happens. */
	if (n && !together && (!sync_part(m->fd, "cur") || !sync_part(m->fd, "new")))
		for (size_t i = 0; i < m->count; i++)
			if (goes_on(m->items + i))
				fail(m->items + i);
}

/* ---- the source goes */

/* 1 removed, 0 it has another name by now, -1 with errno. */
static int remove_once(const item *x)
{
	struct stat st;
	const char *path = str_cstr(&x->source);
	if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (st.st_dev != x->dev || st.st_ino != x->ino) {
		errno = ESTALE;
		return -1;
	}
	return unlink(path) == 0 ? 1 : errno == ENOENT ? 0 : -1;
}

static void remove_source(item *x)
{
	int removed = 0;
	for (int i = 0; i < TRIES && removed == 0; i++) {
		removed = remove_once(x);
		if (removed == 0 && !find_source(x)) /* somebody else removed it */
			return;
	}
	if (removed < 0)
		fail(x);
}

static bool sync_directory_of(const item *x)
{
	str dir = str_new(PATH_ROOM);
	(void)str_put(&dir, directory_of(x));
	int fd = file_open_dir(AT_FDCWD, str_cstr(&dir));
	bool done = fd >= 0 && file_sync(fd);
	int error = errno;
	if (fd >= 0)
		(void)close(fd);
	str_free(&dir);
	errno = error;
	return done;
}

static void remove_sources(mover *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (goes_on(m->items + i))
			remove_source(m->items + i);
	for (size_t i = 0; i < m->count; i++) {
		item *x = m->items + i;
		bool same = i && goes_on(x - 1) && span_eq(directory_of(x - 1), directory_of(x));
		if (goes_on(x) && !same && !sync_directory_of(x))
			fail(x);
	}
}

/* A mailbox that gets a message from another one is fuller by it. */
static void count_octets(const mover *m, const item *x)
{
	struct stat top;
	move_place p;
	str folder = str_new(PATH_ROOM);
	bool ours = move_place_of(str_span(&x->source), &p);
	if (ours)
		(void)str_put(&folder, p.folder);
	if (!ours || m->keep || !stat_top(str_cstr(&folder), &top) || top.st_ino != m->top.st_ino ||
	    top.st_dev != m->top.st_dev)
		maildir_used_add(str_cstr(&m->folder), x->octets);
	str_free(&folder);
}

static void conclude(mover *m, size_t i, enum move_result *result, const char **path, int *error)
{
	item *x = m->items + i;
	m->paths[i] = str_new(PATH_ROOM);
	*result = x->result;
	*error = x->error;
	if (x->result == MOVE_DONE) {
		span folder = str_span(&m->folder);
		(void)str_put(&m->paths[i], folder);
		if (!span_ends(folder, S("/")))
			(void)str_putc(&m->paths[i], '/');
		(void)str_put(&m->paths[i], str_span(&x->name));
		if (x->ours)
			count_octets(m, x);
	}
	*path = str_cstr(&m->paths[i]);
}

void mover_run(mover *m, const span *from, size_t count, enum move_result *results,
	       const char **paths, int *errors)
{
	empty(m);
	for (; m->count < count && m->count < MOVER_BATCH; m->count++) {
		item *x = m->items + m->count;
		*x = (item){.source = str_new(PATH_ROOM), .name = str_new(PATH_ROOM)};
		(void)str_put(&x->source, from[m->count]);
		place(m, x);
	}
	sync_all(m);
	if (!m->keep)
		remove_sources(m);
	for (size_t i = 0; i < m->count; i++)
		conclude(m, i, &results[i], &paths[i], &errors[i]);
}
