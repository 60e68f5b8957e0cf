#include "io/run_file.h"

#include <sys/stat.h>

#include "base/str.h"
#include "io/control.h"
#include "io/file.h"

int run_file_open(const char *below, const char *name)
{
	str path = str_new(PATH_MAX);
	struct stat st;
	int fd = -1;
	(void)str_printf(&path, "%s/%s", control_run(), below);
	if (path.over || (!file_mkdir(AT_FDCWD, control_run(), 0755) && errno != EACCES) ||
	    !file_mkdir(AT_FDCWD, str_cstr(&path), 0700)) {
		str_free(&path);
		return -1;
	}
	int dir = file_open_dir(AT_FDCWD, str_cstr(&path));
	str_free(&path);
	if (dir < 0)
		return -1;
	fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())) {
		(void)close(fd);
		fd = -1;
		errno = EPERM;
	}
	(void)close(dir);
	return fd;
}
