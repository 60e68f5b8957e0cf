#include "maildir/find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/sum.h"
#include "maildir/name.h"

enum { FRONTS_MAX = 1 << 22 };
enum { LEFTOVER_AGE = 36 * 3600, SWEEP_EVERY = 3600, SWEPT_SLOTS = 256 };

static DIR *open_part(int dir, const char *part)
{
	int fd = file_open_dir(dir, part);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (fd >= 0 && !d)
		(void)close(fd);
	return d;
}

typedef bool name_is(span entry, span wanted);

static enum find_result find_in(int dir, const char *part, name_is *is, span wanted, str *path)
{
	DIR *d = open_part(dir, part);
	struct dirent *e;
	enum find_result r = FIND_NO;
	if (!d)
		return FIND_ERROR;
	while (r == FIND_NO && (errno = 0, e = readdir(d))) {
		if (!is(span_str(e->d_name), wanted))
			continue;
		str_clear(path);
		(void)str_printf(path, "%s/%s", part, e->d_name);
		r = FIND_YES;
	}
	int error = errno;
	if (r == FIND_NO && error)
		r = FIND_ERROR;
	(void)closedir(d);
	errno = error;
	return r;
}

/* Twice: a reader may rename the file (new/ to cur/, or other flags) while a directory is read, and such an
 * entry may then be missed once. new/ goes before cur/, the way that files go. */
static enum find_result find(int dir, name_is *is, span wanted, str *path)
{
	enum find_result r = FIND_NO;
	for (int i = 0; r == FIND_NO && i < 4; i++)
		r = find_in(dir, i % 2 ? "cur" : "new", is, wanted, path);
	return r;
}

enum find_result find_front(int dir, span front, str *path)
{
	return find(dir, name_has_front, front, path);
}

static bool same_unique(span entry, span unique)
{
	return span_eq(name_unique(entry), unique);
}

enum find_result find_unique(int dir, span unique, str *path)
{
	return find(dir, same_unique, unique, path);
}

static uint64_t hash(span s)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	return h;
}

/* "SECONDS.ID+HASH" of "SECONDS.ID+HASH.HOST…"; other names are not ours. */
static bool front_of(span name, span *front)
{
	size_t plus = span_find(name, '+');
	size_t dot = span_find(span_sub(name, plus, name.n), '.');
	if (plus == name.n || plus + dot == name.n)
		return false;
	*front = span_sub(name, 0, plus + dot);
	return true;
}

static void keep(find_fronts *f, span front)
{
	if (f->n == f->room) {
		if (f->room >= FRONTS_MAX) {
			f->over = true;
			return;
		}
		f->room = f->room ? f->room * 2 : 1024;
		f->v = xrealloc(f->v, f->room, sizeof *f->v);
	}
	f->v[f->n++] = hash(front);
}

static bool read_part(int dir, const char *part, find_fronts *f)
{
	DIR *d = open_part(dir, part);
	const struct dirent *e;
	span front;
	if (!d)
		return false;
	while (!f->over && (errno = 0, e = readdir(d)))
		if (front_of(span_str(e->d_name), &front))
			keep(f, front);
	int error = f->over ? 0 : errno;
	(void)closedir(d);
	errno = error;
	return error == 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* Twice, for the same reason as above. */
bool find_read(int dir, find_fronts *f)
{
	for (int i = 0; i < 4; i++)
		if (!read_part(dir, i % 2 ? "cur" : "new", f))
			return false;
	if (f->n)
		qsort(f->v, f->n, sizeof *f->v, compare);
	f->read = true;
	return true;
}

bool find_maybe(const find_fronts *f, span front)
{
	uint64_t h = hash(front);
	return f->over || (f->n && bsearch(&h, f->v, f->n, sizeof h, compare) != NULL);
}

void find_free(find_fronts *f)
{
	free(f->v);
	*f = (find_fronts){NULL, 0, 0, false, false};
}

static bool sweep_due(span name_of_dir)
{
	static int64_t last[SWEPT_SLOTS];
	int64_t *slot = &last[sum_crc32(0, name_of_dir) % SWEPT_SLOTS], now = clock_now();
	bool due = *slot == 0 || now - *slot > SWEEP_EVERY || now < *slot;
	if (due)
		*slot = now;
	return due;
}

void find_sweep(int dir, span name_of_dir)
{
	struct dirent *e;
	struct stat st;
	DIR *d = sweep_due(name_of_dir) ? open_part(dir, "tmp") : NULL;
	if (!d)
		return;
	/* The time of the last change of the inode: that of the content can be any that a writer set. */
	while ((e = readdir(d)))
		if (e->d_name[0] != '.' &&
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && clock_now() - st.st_ctim.tv_sec > LEFTOVER_AGE)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
}
