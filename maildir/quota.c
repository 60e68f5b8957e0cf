#include "maildir/quota.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/str.h"
#include "io/clock.h"
#include "io/file.h"
#include "maildir/make.h"

enum { RECOUNT_AFTER = 900 }; /* seconds; as Maildir++ has it */

static void size_path(const char *dir, str *to)
{
	(void)str_printf(to, "%s/%smaildirsize", dir, maildir_is_folder(dir) ? "../" : "");
}

/* "OCTETS COUNT", either may be negative (a removal); blanks between and around. */
static bool signed_number(span word, int64_t *value)
{
	uint64_t v;
	bool minus = span_starts(word, S("-"));
	if (!span_u64(span_sub(word, minus, word.n), INT64_MAX, &v))
		return false;
	*value = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

/* "10000000S,1000C": octets and messages, in any order. */
static uint64_t limit_of(span line)
{
	uint64_t limit;
	while (line.n) {
		span one = span_trim(span_cut(&line, ','));
		if (span_ends(one, S("S")) &&
		    span_u64(span_sub(one, 0, one.n - 1), INT64_MAX, &limit))
			return limit;
	}
	return 0;
}

static bool sum_up(span text, maildir_usage *u, size_t *lines)
{
	int64_t octets, count, sum = 0, messages = 0;
	u->limit = limit_of(span_cut(&text, '\n'));
	for (*lines = 0; text.n; ++*lines) {
		span line = span_cut(&text, '\n');
		span a = span_word(&line), b = span_word(&line);
		if (!a.n)
			continue;
		if (!signed_number(a, &octets) || !signed_number(b, &count) ||
		    __builtin_add_overflow(sum, octets, &sum) ||
		    __builtin_add_overflow(messages, count, &messages))
			return false;
	}
	u->octets = sum > 0 ? (uint64_t)sum : 0;
	u->messages = messages > 0 ? (uint64_t)messages : 0;
	return true;
}

static bool read_usage(int fd, maildir_usage *u)
{
	char *buf = xmalloc(MAILDIRSIZE_MAX + 1);
	struct stat st;
	size_t lines = 0;
	ssize_t n = file_pread(fd, buf, MAILDIRSIZE_MAX + 1, 0);
	int error = n < 0 || fstat(fd, &st) < 0 ? errno : n > MAILDIRSIZE_MAX ? EFBIG : 0;
	if (n >= 0 && !sum_up(span_of(buf, (size_t)n), u, &lines) && !error)
		error = EINVAL;
	free(buf);
	errno = error;
	int64_t age = error ? 0 : clock_now() - st.st_mtim.tv_sec;
	u->counted = !error && lines <= 1 && age >= 0 && age < RECOUNT_AFTER;
	return error == 0;
}

bool maildir_usage_read(const char *dir, maildir_usage *u)
{
	str path = str_new(8192);
	*u = (maildir_usage){0};
	size_path(dir, &path);
	errno = ENAMETOOLONG;
	int fd = path.over ? -1 : file_open_read(AT_FDCWD, str_cstr(&path));
	bool done = fd >= 0 && read_usage(fd, u);
	int error = errno;
	if (fd >= 0)
		(void)close(fd);
	str_free(&path);
	errno = error;
	return done;
}

bool maildir_used(const char *dir, uint64_t *octets)
{
	maildir_usage u;
	bool done = maildir_usage_read(dir, &u);
	*octets = u.octets;
	return done;
}

static void append(const char *dir, const char *sign, uint64_t octets, uint64_t count)
{
	str path = str_new(8192);
	char line[64];
	size_path(dir, &path);
	int fd = path.over ? -1
			   : open(str_cstr(&path),
				  O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0) {
		int n = snprintf(line, sizeof line, "%s%llu %s%llu\n", sign,
				 (unsigned long long)octets, sign, (unsigned long long)count);
		(void)!write(fd, line, (size_t)n);
		(void)close(fd);
	}
	str_free(&path);
}

void maildir_used_add(const char *dir, uint64_t octets)
{
	append(dir, "", octets, 1);
}

void maildir_used_remove(const char *dir, uint64_t octets)
{
	append(dir, "-", octets, 1);
}

void maildir_used_remove_all(const char *dir, uint64_t octets, uint64_t count)
{
	append(dir, "-", octets, count);
}
