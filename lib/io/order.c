#include "io/order.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/die.h"
#include "base/str.h"
#include "io/control.h"
#include "io/file.h"
#include "io/out.h"

/* Four lines of the greatest length: a whole line always fits behind the one it is compared with.
 */
enum { ROOM = 4 * ORDER_LINE_MAX };

typedef struct walk {
	span before; /* the last entry's line, LF included; p NULL before the first entry */
	size_t line;
} walk;

static const char *check_line(walk *w, span line)
{
	w->line++;
	if (!w->before.p && (line.p[0] == '#' || line.p[0] == '\n'))
		return NULL;
	const char *colon =
	    memchr(line.p, ':', line.n < ORDER_KEY_MAX + 1 ? line.n : ORDER_KEY_MAX + 1);
	if (!colon)
		return memchr(line.p, ':', line.n) ? "key too long" : "no colon in the line";
	if (colon == line.p)
		return "empty key";
	if (line.n - (size_t)(colon - line.p) - 2 > ORDER_VALUE_MAX)
		return "line too long";
	if (line.n > 1 && line.p[line.n - 2] == '\r')
		return "carriage return at the end of the line";
	span before = w->before;
	w->before = line;
	if (!before.p)
		return NULL;
	/* No key holds a colon, so neither `key:` is the beginning of the other unless they are
	 * equal; the colons need not be looked for to compare. */
	int c = memcmp(before.p, line.p, before.n < line.n ? before.n : line.n);
	size_t key = (size_t)(colon - line.p) + 1;
	if (c < 0 && (before.n < key || memcmp(before.p, line.p, key) != 0))
		return NULL;
	if (before.n >= key && memcmp(before.p, line.p, key) == 0)
		return "key is there twice";
	return "not in octet order (LC_ALL=C sort)";
}

static const char *check_lines(walk *w, span *text)
{
	const char *lf, *wrong;
	while (text->n && (lf = memchr(text->p, '\n', text->n))) {
		size_t n = (size_t)(lf - text->p) + 1;
		if ((wrong = check_line(w, span_of(text->p, n))))
			return wrong;
		*text = span_sub(*text, n, SIZE_MAX);
	}
	return NULL;
}

/* Moves the last entry and the unfinished line behind it to the front of the buffer. */
static void carry(walk *w, char *buf, span *rest)
{
	const char *from = w->before.p ? w->before.p : rest->p;
	size_t skip = (size_t)(rest->p - from); /* 0, or the length of the entry just before */
	memmove(buf, from, skip + rest->n);
	if (w->before.p)
		w->before.p = buf;
	rest->p = buf + skip;
}

const char *order_check(int fd, size_t *line)
{
	char *buf = xmalloc(ROOM);
	walk w = {.line = 0};
	span rest = {buf, 0};
	off_t at = 0;
	const char *wrong = NULL;
	ssize_t got = 1;
	while (!wrong && got > 0) {
		carry(&w, buf, &rest);
		char *to = buf + (rest.p + rest.n - buf);
		got = file_pread(fd, to, (size_t)(buf + ROOM - to), at);
		if (got > 0) {
			at += got;
			rest.n += (size_t)got;
			wrong = check_lines(&w, &rest);
		}
		if (!wrong && rest.n >= ORDER_LINE_MAX) {
			w.line++;
			wrong = "line too long";
		}
	}
	if (!wrong && got == 0 && rest.n) {
		w.line++;
		wrong = "no line end at the end of the file";
	}
	*line = w.line;
	if (got < 0) {
		*line = 0;
		wrong = "cannot be read";
	}
	free(buf);
	return wrong;
}

order_id order_id_of(const struct stat *st)
{
	return (order_id){st->st_dev, st->st_ino, st->st_size, st->st_mtim, st->st_ctim};
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool order_id_eq(const order_id *a, const order_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
}

bool order_id_fresh(const order_id *id)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	int64_t age = (int64_t)now.tv_sec - (int64_t)id->changed.tv_sec;
	return age >= -2 && age <= 2;
}

static void memory_path(const char *table_name, str *path)
{
	(void)str_printf(path, "%s/ordered.", control_run());
	for (const char *c = table_name; *c; c++)
		(void)str_putc(path, (char)(*c == '/' ? '-' : *c));
}

static void memory_line(const order_id *id, str *line)
{
	(void)str_printf(line, "%llu %llu %lld %lld.%09ld %lld.%09ld\n",
			 (unsigned long long)id->dev, (unsigned long long)id->ino,
			 (long long)id->size, (long long)id->modified.tv_sec, id->modified.tv_nsec,
			 (long long)id->changed.tv_sec, id->changed.tv_nsec);
}

bool order_known(const char *table_name, const order_id *id)
{
	str path = str_new(4096), want = str_new(256), have = str_new(256);
	memory_path(table_name, &path);
	memory_line(id, &want);
	bool known = !path.over && file_read(AT_FDCWD, str_cstr(&path), &have) &&
		     span_eq(str_span(&have), str_span(&want));
	str_free(&path);
	str_free(&want);
	str_free(&have);
	return known;
}

void order_remember(const char *table_name, const order_id *id)
{
	str path = str_new(4096), temp = str_new(4096), line = str_new(256);
	memory_path(table_name, &path);
	memory_line(id, &line);
	(void)str_printf(&temp, "%s.%ld", str_cstr(&path), (long)getpid());
	int fd =
	    path.over || temp.over
		? -1
		: open(str_cstr(&temp), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd >= 0) {
		/* Not synced: a torn line matches nothing. */
		if (!write_all(fd, str_span(&line)) || rename(str_cstr(&temp), str_cstr(&path)) < 0)
			(void)unlink(str_cstr(&temp));
		(void)close(fd);
	}
	str_free(&path);
	str_free(&temp);
	str_free(&line);
}
