#include "io/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/die.h"
#include "io/file.h"

enum { CONTROL_MAX = 1 << 20 };

const char *control_root(void)
{
	const char *root = getenv("PABAL_ROOT");
	return root && *root ? root : "/var/lib/pabal";
}

const char *control_run(void)
{
	static char *run;
	const char *set = getenv("PABAL_RUN");
	if (set && *set)
		return set;
	free(run);
	if (asprintf(&run, "%s/run", control_root()) < 0)
		die(EX_TEMPFAIL, "out of memory");
	return run;
}

static char *below_root(const char *folder, const char *name)
{
	char *path;
	if (asprintf(&path, "%s/%s%s", control_root(), folder, name) < 0)
		die(EX_TEMPFAIL, "out of memory");
	return path;
}

int control_open_dir(const char *path)
{
	char *full = below_root("", path);
	int fd = file_open_dir(AT_FDCWD, full);
	int error = errno;
	free(full);
	errno = error;
	return fd;
}

static enum control_result slurp(const char *name, str *text)
{
	char *path = below_root("control/", name);
	bool done = file_read(AT_FDCWD, path, text);
	int error = errno;
	free(path);
	errno = error;
	return done ? CONTROL_OK : error == ENOENT ? CONTROL_ABSENT : CONTROL_ERROR;
}

/* The next entry; false at the end. A control octet ends the list with errno EINVAL. */
static bool next_entry(span *rest, span *entry)
{
	while (rest->n) {
		*entry = span_trim(span_cut(rest, '\n'));
		if (entry->n && entry->p[0] != '#')
			return true;
	}
	return false;
}

static bool clean(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return true;
}

enum control_result control_value(const char *name, arena *a, span *value)
{
	str text = str_new(CONTROL_MAX);
	enum control_result r = slurp(name, &text);
	if (r == CONTROL_OK) {
		span rest = str_span(&text), entry;
		r = CONTROL_ERROR;
		if (!next_entry(&rest, &entry) || !clean(entry))
			errno = EINVAL;
		else if ((*value = arena_dup(a, entry)).p)
			r = CONTROL_OK;
		else
			errno = EFBIG;
	}
	int error = errno;
	str_free(&text);
	errno = error;
	return r;
}

bool control_number(const char *name, uint64_t max, uint64_t fallback, uint64_t *value)
{
	arena a = arena_new(4096);
	span text;
	enum control_result r = control_value(name, &a, &text);
	bool done = r == CONTROL_OK && span_u64(text, max, value);
	if (r == CONTROL_ABSENT) {
		*value = fallback;
		done = true;
	} else if (r == CONTROL_OK && !done) {
		errno = EINVAL;
	}
	int error = errno;
	arena_free(&a);
	errno = error;
	return done;
}

enum control_result control_list(const char *name, arena *a, span **entries, size_t *count)
{
	str text = str_new(CONTROL_MAX);
	enum control_result r = slurp(name, &text);
	span all = str_span(&text), rest = all, entry;
	size_t n = 0;
	*entries = NULL;
	*count = 0;
	if (r == CONTROL_OK) {
		while (next_entry(&rest, &entry))
			n++;
		size_t octets;
		span *list = size_mul(n, sizeof *list, &octets) ? arena_alloc(a, octets) : NULL;
		for (rest = all; list && next_entry(&rest, &entry) && *count < n;) {
			list[*count] = arena_dup(a, entry);
			if (!clean(entry) || !list[(*count)++].p)
				break;
		}
		*entries = list;
		if (!list || *count < n) {
			errno = EINVAL;
			r = CONTROL_ERROR;
		}
	}
	int error = errno;
	str_free(&text);
	errno = error;
	return r;
}

bool control_exists(const char *name)
{
	char *path = below_root("control/", name);
	bool there = access(path, F_OK) == 0;
	int error = there || errno == ENOENT ? 0 : errno;
	free(path);
	errno = error;
	return there;
}
