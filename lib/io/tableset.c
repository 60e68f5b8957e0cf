/* Changing a table: under a lock file of its own (the table itself is replaced, so a lock on it
 * would be a lock on the old one), from a file that is in order to one that is in order. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "io/order.h"
#include "io/table.h"

enum { TABLE_MAX = 1 << 30 };

static int lock(const char *path)
{
	str name = str_new(1 << 16);
	(void)str_printf(&name, "%s.lock", path);
	int fd = open(str_cstr(&name), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	str_free(&name);
	if (fd < 0)
		return -1;
	while (flock(fd, LOCK_EX) < 0) {
		if (errno == EINTR)
			continue;
		int error = errno;
		(void)close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* A table keeps its owner when root edits it. */
static bool keep_owner(const char *path, const struct stat *old)
{
	if (geteuid() != 0 || (old->st_uid == 0 && old->st_gid == 0))
		return true;
	return lchown(path, old->st_uid, old->st_gid) == 0;
}

/* The state of the file; false with errno for all but a missing one, which has a size of -1. */
static bool state_of(const char *path, mode_t mode, struct stat *st)
{
	*st = (struct stat){.st_mode = mode, .st_size = -1};
	return stat(path, st) == 0 || errno == ENOENT;
}

/* An editor does not know of our lock: what it did since the place was looked up is not undone. */
static bool same_state(const char *path, const struct stat *before)
{
	struct stat now;
	if (!state_of(path, 0, &now))
		return false;
	order_id a = order_id_of(before), b = order_id_of(&now);
	errno = EAGAIN;
	return (now.st_size < 0 && before->st_size < 0) || order_id_eq(&a, &b);
}

static bool splice_entry(const char *path, const struct stat *st, span key, span value,
			 uint64_t from, uint64_t to)
{
	str old = str_new(TABLE_MAX), new = str_new(TABLE_MAX);
	bool there = st->st_size >= 0;
	bool done = (!there || file_read(AT_FDCWD, path, &old)) && same_state(path, st);
	if (done) {
		(void)str_put(&new, span_sub(str_span(&old), 0, (size_t)from));
		if (value.p) {
			(void)str_put(&new, key);
			(void)str_putc(&new, ':');
			(void)str_put(&new, value);
			(void)str_putc(&new, '\n');
		}
		(void)str_put(&new, span_sub(str_span(&old), (size_t)to, old.n));
		errno = EFBIG;
		done =
		    !new.over &&file_replace(AT_FDCWD, path, st->st_mode & 07777, str_span(&new));
	}
	int error = errno;
	str_free(&old);
	str_free(&new);
	errno = error;
	return done && (!there || keep_owner(path, st));
}

static bool possible(span key, span value)
{
	return key.n && key.n <= ORDER_KEY_MAX && !memchr(key.p, ':', key.n) &&
	       !memchr(key.p, '\n', key.n) && !memchr(key.p, '\r', key.n) &&
	       !memchr(key.p, 0, key.n) && key.p[0] != '#' && value.n < ORDER_VALUE_MAX &&
	       (!value.n || (!memchr(value.p, '\n', value.n) && value.p[value.n - 1] != '\r'));
}

static enum table_result set(table *t, mode_t mode, span key, span value)
{
	uint64_t from = 0, to = 0;
	const char *wrong;
	size_t line;
	struct stat st;
	if (!state_of(table_path(t), mode, &st))
		return TABLE_ERROR;
	enum table_result r = table_check(t, &wrong, &line);
	if (r == TABLE_FOUND)
		r = table_place(t, key, &from, &to, &wrong, &line);
	if (r == TABLE_ERROR) {
		errno = EINVAL;
		return r;
	}
	if (r != TABLE_FOUND && !value.p)
		return TABLE_ABSENT;
	if (!splice_entry(table_path(t), &st, key, value, from, to))
		return TABLE_ERROR;
	return r == TABLE_FOUND ? TABLE_FOUND : TABLE_ABSENT;
}

enum table_result table_set(const char *name, mode_t mode, span key, span value)
{
	if (!possible(key, value)) {
		errno = EINVAL;
		return TABLE_ERROR;
	}
	table *t = table_open(name);
	enum table_result r = TABLE_ERROR;
	int fd = lock(table_path(t));
	if (fd >= 0) {
		r = set(t, mode, key, value);
		int error = errno;
		(void)close(fd);
		errno = error;
	}
	table_close(t);
	return r;
}
