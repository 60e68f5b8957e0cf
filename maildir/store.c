#include "maildir/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/file.h"
#include "maildir/find.h"
#include "maildir/make.h"
#include "maildir/name.h"

/* The Maildir that a folder stands in. */
static bool top_exists(const char *dir)
{
	span path = span_str(dir);
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	size_t slash = span_rfind(path, '/');
	str top = str_new(path.n + 2);
	(void)str_put(&top, slash < path.n ? span_sub(path, 0, slash ? slash : 1) : S("."));
	bool exists = maildir_check(str_cstr(&top));
	str_free(&top);
	return exists;
}

status store_message(const char *dir, const char *flags, int fd, span host, str *path)
{
	const char *made;
	status st;
	if (!maildir_check(dir) && maildir_is_folder(dir) && top_exists(dir) && !maildir_make(dir))
		return status_doubt("make %s: %s", dir, strerror(errno));
	maildir_job job = {.dir = dir,
			   .id = S(""),
			   .arrived = clock_now(),
			   .host = host,
			   .sender = {NULL, 0},
			   .recipient = {NULL, 0},
			   .fd = fd,
			   .flags = flags};
	maildir_batch *b = maildir_batch_new();
	(void)maildir_batch_add(b, &job);
	maildir_batch_commit(b, &st, &made);
	if (status_is_ok(&st))
		(void)str_put(path, span_str(made));
	maildir_batch_free(b);
	return st;
}

/* "DIR/cur/NAME" → the octets of DIR and of "DIR/cur/"; false for other paths. */
static bool parts_of(span path, size_t *top, size_t *name)
{
	size_t slash = span_rfind(path, '/');
	if (slash == path.n)
		return false;
	span dir = span_sub(path, 0, slash);
	bool named = span_eq(dir, S("cur")) || span_eq(dir, S("new"));
	if (!named && !span_ends(dir, S("/cur")) && !span_ends(dir, S("/new")))
		return false;
	*top = named ? 0 : dir.n - 4;
	*name = slash + 1;
	return true;
}

bool store_is_in(const char *path)
{
	size_t top, name;
	return parts_of(span_str(path), &top, &name);
}

int store_open(const char *path, str *now)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t top, name;
	span s = span_str(path);
	if (fd >= 0 && now)
		(void)str_put(now, s);
	if (fd >= 0 || errno != ENOENT || !parts_of(s, &top, &name))
		return fd;
	str dir = str_new(s.n + 2), found = str_new(NAME_MAX + 8);
	(void)str_put(&dir, top ? span_sub(s, 0, top) : S("."));
	span unique = name_unique(span_sub(s, name, s.n));
	int at = file_open_dir(AT_FDCWD, str_cstr(&dir));
	if (at >= 0 && find_unique(at, unique, &found) == FIND_YES)
		fd = openat(at, str_cstr(&found), O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (at >= 0)
		(void)close(at);
	if (fd >= 0 && now) {
		(void)str_put(now, str_span(&dir));
		(void)str_putc(now, '/');
		(void)str_put(now, str_span(&found));
	}
	if (fd < 0)
		errno = ENOENT;
	str_free(&dir);
	str_free(&found);
	return fd;
}
