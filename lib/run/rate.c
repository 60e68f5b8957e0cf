/* A table of fixed size, read and written under a short lock of the file. A bucket of the table that is full forgets who
 * has the least in it. */
#include "run/rate.h"

#include <stdio.h>
#include <sys/file.h>

#include "io/control.h"
#include "io/file.h"

enum { BUCKETS = 8192, WAYS = 8 };

typedef struct entry {
	uint64_t who;	/* 0: free */
	uint64_t level; /* units times seconds: it leaks `limit` of them a second */
	int64_t at;	/* when that was */
} entry;

static uint64_t hash(span key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < key.n; i++)
		h = (h ^ (unsigned char)key.p[i]) * UINT64_C(0x100000001b3);
	return h ? h : 1;
}

static uint64_t leak(const entry *e, uint64_t limit, int64_t now)
{
	if (now <= e->at) /* the clock was put back */
		return e->level;
	uint64_t passed = (uint64_t)(now - e->at);
	return passed > e->level / limit ? 0 : e->level - passed * limit;
}

static entry *choose(entry *all, uint64_t who)
{
	entry *best = all;
	for (size_t i = 0; i < WAYS; i++)
		if (all[i].who == who)
			return all + i;
	for (size_t i = 0; i < WAYS; i++)
		if (all[i].who == 0)
			return all + i;
		else if (all[i].level < best->level)
			best = all + i;
	*best = (entry){0};
	return best;
}

static int open_file(const char *name)
{
	str path = str_new(PATH_MAX);
	int fd = -1;
	(void)str_printf(&path, "%s/rate", control_run());
	if (!path.over && file_mkdir(AT_FDCWD, control_run(), 0755) &&
	    file_mkdir(AT_FDCWD, str_cstr(&path), 0700)) {
		int dir = file_open_dir(AT_FDCWD, str_cstr(&path));
		if (dir >= 0) {
			fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
			(void)close(dir);
		}
	}
	str_free(&path);
	return fd;
}

enum rate_result rate_take(const char *name, span key, uint64_t n, uint64_t limit, uint64_t seconds,
			   int64_t now)
{
	entry all[WAYS] = {{0}};
	uint64_t who = hash(key);
	off_t place = (off_t)(who % BUCKETS * sizeof all);
	enum rate_result result = RATE_ERROR;
	if (limit == 0 || limit > RATE_LIMIT_MAX || seconds == 0 || seconds > RATE_SECONDS_MAX) {
		errno = ERANGE;
		return RATE_ERROR;
	}
	int fd = open_file(name);
	if (fd < 0)
		return RATE_ERROR;
	if (flock(fd, LOCK_EX) == 0 && file_pread(fd, all, sizeof all, place) >= 0) {
		entry *e = choose(all, who);
		uint64_t level = e->who ? leak(e, limit, now) : 0, full = limit * seconds;
		bool fits = n <= limit && level <= full - n * seconds;
		*e = (entry){who, level + (fits ? n * seconds : 0), now};
		if (pwrite(fd, all, sizeof all, place) == sizeof all)
			result = fits ? RATE_OK : RATE_OVER;
	}
	int error = errno;
	(void)close(fd);
	errno = error;
	return result;
}
