#include "imap/remove.h"

#include <dirent.h>

#include "base/str.h"
#include "io/file.h"

enum { DEPTH = 4 };
static const char front[] = "pabal.deleted.";

/* Best effort: what stays is tried again the next time. */
static void empty(int dir, unsigned depth);

static void remove_entry(int dir, const char *name, unsigned depth)
{
	if (unlinkat(dir, name, 0) == 0 || (errno != EISDIR && errno != EPERM) || !depth)
		return;
	int below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (below >= 0)
		empty(below, depth - 1);
	(void)unlinkat(dir, name, AT_REMOVEDIR);
}

static void empty(int dir, unsigned depth)
{
	const struct dirent *e;
	DIR *d = fdopendir(dir);
	if (!d) {
		(void)close(dir);
		return;
	}
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			remove_entry(dirfd(d), e->d_name, depth);
	(void)closedir(d);
}

static void sweep(int tmp)
{
	const struct dirent *e;
	int fd = dup(tmp);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	rewinddir(d);
	while ((e = readdir(d)))
		if (strncmp(e->d_name, front, sizeof front - 1) == 0)
			remove_entry(dirfd(d), e->d_name, DEPTH);
	(void)closedir(d);
}

bool imap_remove_folder(const char *maildir, const char *path)
{
	static unsigned serial;
	char name[sizeof front + 40];
	int top = file_open_dir(AT_FDCWD, maildir);
	int tmp = top < 0 ? -1 : file_open_dir(top, "tmp");
	(void)snprintf(name, sizeof name, "%s%ld.%u", front, (long)getpid(), ++serial);
	bool done = tmp >= 0 && renameat(AT_FDCWD, path, tmp, name) == 0 && file_sync(top);
	int error = errno;
	if (done)
		sweep(tmp);
	if (tmp >= 0)
		(void)close(tmp);
	if (top >= 0)
		(void)close(top);
	errno = error;
	return done;
}
