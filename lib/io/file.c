#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/die.h"
#include "io/in.h"
#include "io/out.h"

enum { MOUNT_LINE = 4096 };

int file_open_dir(int at, const char *path)
{
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int fail(int fd, int error)
{
	if (fd >= 0)
		(void)close(fd);
	errno = error;
	return -1;
}

int file_open_read(int at, const char *path)
{
	struct stat st;
	int fd = openat(at, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return fail(fd, errno);
	if (!S_ISREG(st.st_mode))
		return fail(fd, S_ISDIR(st.st_mode) ? EISDIR : EINVAL);
	return fd;
}

bool file_mkdir(int at, const char *path, mode_t mode)
{
	struct stat st;
	if (mkdirat(at, path, mode) == 0)
		return true;
	if (errno != EEXIST)
		return false;
	if (fstatat(at, path, &st, 0) < 0)
		return false;
	errno = ENOTDIR;
	return S_ISDIR(st.st_mode);
}

bool file_read(int at, const char *path, str *to)
{
	char buf[2048]; /* most of these files are small, and a server's stack stays small too */
	ssize_t n;
	int fd = openat(at, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	while ((n = read(fd, buf, sizeof buf)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(fd, errno) == 0;
		if (!str_put(to, span_of(buf, (size_t)n)))
			return fail(fd, EFBIG) == 0;
	}
	(void)close(fd);
	return true;
}

ssize_t file_pread(int fd, void *to, size_t n, off_t offset)
{
	size_t at = 0;
	while (at < n) {
		ssize_t got = pread(fd, (char *)to + at, n - at, offset + (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		at += (size_t)got;
	}
	return (ssize_t)at;
}

static int64_t copy(int from, int to, uint64_t max)
{
	static const size_t room = 65536;
	char *buf = xmalloc(room);
	uint64_t total = 0;
	int error = 0;
	for (;;) {
		ssize_t n = read(from, buf, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			error = n < 0 ? errno : 0;
			break;
		}
		total += (uint64_t)n;
		if (total > max)
			error = EFBIG;
		else if (!write_all(to, span_of(buf, (size_t)n)))
			error = errno;
		if (error)
			break;
	}
	free(buf);
	errno = error;
	return error ? -1 : (int64_t)total;
}

int64_t file_copy(int from, int to)
{
	return copy(from, to, INT64_MAX);
}

bool file_sync(int fd)
{
	return fsync(fd) == 0;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext4 /dev/root rw" (proc(5)): the device, and the type behind "-". */
static bool mount_is(span line, span device, span *type)
{
	(void)span_word(&line);
	(void)span_word(&line);
	if (!span_eq(span_word(&line), device))
		return false;
	while (line.n && !span_eq(span_word(&line), S("-")))
		;
	*type = span_word(&line);
	return true;
}

bool file_orders_names(int fd)
{
	struct stat st;
	char device[32];
	span line, type = S("");
	in mounts;
	if (fstat(fd, &st) < 0)
		return false;
	int n = snprintf(device, sizeof device, "%u:%u", major(st.st_dev), minor(st.st_dev));
	int from = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return false;
	bool found = false;
	in_open(&mounts, from, MOUNT_LINE);
	for (enum in_result r = IN_OK; !found && (r == IN_OK || r == IN_LONG);) {
		r = in_line(&mounts, MOUNT_LINE, &line);
		found = r == IN_OK && mount_is(line, span_of(device, (size_t)n), &type);
	}
	found = found && (span_eq(type, S("ext4")) || span_eq(type, S("xfs")));
	in_close(&mounts);
	(void)close(from);
	return found;
}

static bool sync_parent(int at, const char *path)
{
	size_t slash = span_rfind(span_str(path), '/');
	char *dir = xstrdup(path);
	int fd;
	if (dir[slash] == 0)
		fd = file_open_dir(at, ".");
	else {
		dir[slash ? slash : 1] = 0;
		fd = file_open_dir(at, dir);
	}
	free(dir);
	bool done = fd >= 0 && file_sync(fd);
	if (fd >= 0)
		(void)fail(fd, errno);
	return done;
}

/* Only where the umask took something: a confined session may not change modes, and need not. */
static bool has_mode(int fd, mode_t mode)
{
	struct stat st;
	return fstat(fd, &st) == 0 && ((st.st_mode & 07777) == mode || fchmod(fd, mode) == 0);
}

bool file_replace(int at, const char *path, mode_t mode, span content)
{
	char *temp;
	if (asprintf(&temp, "%s.%ld.tmp", path, (long)getpid()) < 0)
		die(EX_TEMPFAIL, "out of memory");
	(void)unlinkat(at, temp, 0);
	int fd = openat(at, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	bool done = fd >= 0 && has_mode(fd, mode) && write_all(fd, content) && file_sync(fd) &&
		    renameat(at, temp, at, path) == 0;
	int error = errno;
	if (fd >= 0)
		(void)close(fd);
	if (!done)
		(void)unlinkat(at, temp, 0);
	free(temp);
	errno = error;
	return done && sync_parent(at, path);
}

int file_temp(void)
{
	const char *dir = secure_getenv("TMPDIR");
	char *name;
	if (asprintf(&name, "%s/pabal.XXXXXX", dir && *dir ? dir : "/tmp") < 0)
		die(EX_TEMPFAIL, "out of memory");
	int fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(name);
	free(name);
	return fd;
}

int file_seekable(int fd, uint64_t max)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -1;
	if (S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_CUR) >= 0)
		return fd;
	int temp = file_temp();
	if (temp < 0)
		return -1;
	if (copy(fd, temp, max) < 0 || lseek(temp, 0, SEEK_SET) < 0)
		return fail(temp, errno);
	return temp;
}
