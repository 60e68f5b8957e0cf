#include "maildir/validity.h"

#include <sys/file.h>

#include "base/str.h"
#include "io/clock.h"
#include "io/file.h"
#include "maildir/make.h"

static const char name[] = "pabal.uidvalidity";

/* A file that is lost or says no number counts as 0: the clock is then what the new one is larger by. */
static bool read_last(int top, uint64_t *last)
{
	str text = str_new(64);
	*last = 0;
	bool done = file_read(top, name, &text) || errno == ENOENT || errno == EFBIG;
	if (!span_u64(span_trim(str_span(&text)), UINT32_MAX - 1, last))
		*last = 0;
	str_free(&text);
	return done;
}

static bool next(int top, uint32_t above, uint32_t *value)
{
	char line[16];
	uint64_t last, now = (uint64_t)clock_now();
	if (!read_last(top, &last))
		return false;
	last = last < above ? above : last;
	last = last < now && now < UINT32_MAX ? now : last + 1;
	if (last > UINT32_MAX) {
		errno = ERANGE;
		return false;
	}
	int n = snprintf(line, sizeof line, "%llu\n", (unsigned long long)last);
	*value = (uint32_t)last;
	return file_replace(top, name, 0600, span_of(line, (size_t)n));
}

bool validity_next(const char *dir, uint32_t above, uint32_t *value)
{
	str path = str_new(PATH_MAX);
	(void)str_printf(&path, maildir_is_folder(dir) ? "%s/.." : "%s", dir);
	int top = path.over ? -1 : file_open_dir(AT_FDCWD, str_cstr(&path));
	str_free(&path);
	/* The lock is the directory's own: the file is replaced. */
	bool done = top >= 0 && flock(top, LOCK_EX) == 0 && next(top, above, value);
	int error = errno;
	if (top >= 0)
		(void)close(top);
	errno = error;
	return done;
}
