/* A queue of the test's own in a temporary directory, PABAL_ROOT set to its parent. */
#ifndef TESTS_QUEUE_DIR_H
#define TESTS_QUEUE_DIR_H

#include <ftw.h>
#include <sys/stat.h>

#include "io/file.h"
#include "mail/envelope.h"
#include "tests/unit/unit.h"

static char test_root[64];

__attribute__((unused)) static int queue_dir_make(void)
{
	static const char *const dirs[] = {"control",	 "queue",	 "queue/new", "queue/later",
					   "queue/hold", "queue/failed", "queue/log", "queue/drop"};
	char path[128];
	snprintf(test_root, sizeof test_root, "%s/pabal-unit.XXXXXX", "/tmp");
	if (!mkdtemp(test_root))
		abort();
	setenv("PABAL_ROOT", test_root, 1);
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		snprintf(path, sizeof path, "%s/%s", test_root, dirs[i]);
		if (mkdir(path, 0700) < 0)
			abort();
	}
	for (unsigned i = 0; i < 256; i++) {
		snprintf(path, sizeof path, "%s/queue/later/%02X", test_root, i);
		if (mkdir(path, 0700) < 0)
			abort();
	}
	snprintf(path, sizeof path, "%s/queue", test_root);
	return file_open_dir(AT_FDCWD, path);
}

static int queue_dir_rm(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

__attribute__((unused)) static void queue_dir_remove(int fd)
{
	close(fd);
	nftw(test_root, queue_dir_rm, 16, FTW_DEPTH | FTW_PHYS);
}

__attribute__((unused)) static bool in_queue(int dir, const char *sub, const char *id)
{
	char name[64];
	snprintf(name, sizeof name, "%s/%s", sub, id);
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* An envelope out of text; lives in the arena. */
__attribute__((unused)) static envelope envelope_text(const char *text, arena *a)
{
	envelope e;
	size_t used, line;
	if (envelope_parse(span_str(text), a, &e, &used, &line) != ENVELOPE_OK)
		abort();
	return e;
}

#endif
