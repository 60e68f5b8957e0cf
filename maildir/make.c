/* Making and recognizing a Maildir++. */
#include "maildir/make.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "maildir/deliver.h"

static const char *const parts[] = {"cur", "new", "tmp"};
enum { PARTS = sizeof parts / sizeof *parts };

bool maildir_is_folder(const char *dir)
{
	span path = span_str(dir);
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	size_t slash = span_rfind(path, '/');
	span last = slash < path.n ? span_sub(path, slash + 1, path.n) : path;
	return last.n > 1 && last.p[0] == '.' && !span_eq(last, S(".."));
}

bool maildir_check(const char *dir)
{
	struct stat st;
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	for (size_t i = 0; i < PARTS; i++) {
		bool there = fstatat(fd, parts[i], &st, 0) == 0;
		int error = there && !S_ISDIR(st.st_mode) ? ENOTDIR : errno;
		if (!there || !S_ISDIR(st.st_mode)) {
			(void)close(fd);
			errno = error;
			return false;
		}
	}
	(void)close(fd);
	return true;
}

static bool make_inside(int fd, const char *dir)
{
	for (size_t i = 0; i < PARTS; i++)
		if (!file_mkdir(fd, parts[i], 0700))
			return false;
	if (maildir_is_folder(dir)) {
		int mark =
		    openat(fd, "maildirfolder", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (mark < 0)
			return false;
		(void)close(mark);
	}
	return file_sync(fd);
}

bool maildir_make(const char *dir)
{
	if (!file_mkdir(AT_FDCWD, dir, 0700))
		return false;
	int fd = file_open_dir(AT_FDCWD, dir);
	if (fd < 0)
		return false;
	bool done = make_inside(fd, dir);
	int above = done ? file_open_dir(fd, "..") : -1;
	done = above >= 0 && file_sync(above);
	int error = errno;
	if (above >= 0)
		(void)close(above);
	(void)close(fd);
	errno = error;
	return done;
}
