#include "maildir/quota.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "io/file.h"
#include "maildir/make.h"

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

static bool sum_up(span text, int64_t *sum)
{
	int64_t octets, count;
	*sum = 0;
	(void)span_cut(&text, '\n'); /* the limits; ours are in control/users */
	while (text.n) {
		span line = span_cut(&text, '\n');
		span a = span_word(&line), b = span_word(&line);
		if (!a.n)
			continue;
		if (!signed_number(a, &octets) || !signed_number(b, &count) ||
		    __builtin_add_overflow(*sum, octets, sum))
			return false;
	}
	return true;
}

bool maildir_used(const char *dir, uint64_t *octets)
{
	str path = str_new(8192), text = str_new(MAILDIRSIZE_MAX);
	int64_t sum = 0;
	size_path(dir, &path);
	bool done = !path.over && file_read(AT_FDCWD, str_cstr(&path), &text);
	int error = errno;
	if (done && !sum_up(str_span(&text), &sum)) {
		done = false;
		error = EINVAL;
	}
	*octets = sum > 0 ? (uint64_t)sum : 0;
	str_free(&path);
	str_free(&text);
	errno = error;
	return done;
}

static void append(const char *dir, const char *sign, uint64_t octets)
{
	str path = str_new(8192);
	char line[48];
	size_path(dir, &path);
	int fd = path.over ? -1
			   : open(str_cstr(&path),
				  O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0) {
		int n = snprintf(line, sizeof line, "%s%llu %s1\n", sign,
				 (unsigned long long)octets, sign);
		(void)!write(fd, line, (size_t)n);
		(void)close(fd);
	}
	str_free(&path);
}

void maildir_used_add(const char *dir, uint64_t octets)
{
	append(dir, "", octets);
}

void maildir_used_remove(const char *dir, uint64_t octets)
{
	append(dir, "-", octets);
}
