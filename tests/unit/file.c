/* links: io base : z */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "io/out.h"
#include "tests/unit/unit.h"

static int dir;

static bool holds(const char *path, span want)
{
	str s = str_new(1000);
	bool same = file_read(dir, path, &s) && span_eq(str_span(&s), want);
	str_free(&s);
	return same;
}

static mode_t mode_of(const char *path)
{
	struct stat st;
	return fstatat(dir, path, &st, 0) == 0 ? st.st_mode & 07777 : 0;
}

static void replacing(void)
{
	CHECK(file_replace(dir, "f", 0600, S("one")) && holds("f", S("one")), "a new file");
	CHECK(mode_of("f") == 0600, "its mode");
	CHECK(file_replace(dir, "f", 0644, span_of("t\0o", 3)) && holds("f", span_of("t\0o", 3)),
	      "replaced as a whole, NULs too");
	CHECK(mode_of("f") == 0644, "its mode, whatever the umask");
	CHECK(file_mkdir(dir, "d", 0700) && file_mkdir(dir, "d", 0700), "mkdir twice");
	CHECK(!file_mkdir(dir, "f", 0700) && errno == ENOTDIR, "a file is no directory");
	CHECK(file_replace(dir, "d/g", 0600, S("")) && holds("d/g", S("")),
	      "below a folder, empty");
	CHECK(!file_replace(dir, "no/g", 0600, S("x")) && errno == ENOENT, "no such folder");
	CHECK(!file_replace(dir, "d", 0600, S("x")), "a folder is not replaced");
	CHECK(unlinkat(dir, "d/g", 0) == 0 && unlinkat(dir, "d", AT_REMOVEDIR) == 0,
	      "no temporary file is left");
}

static void reading(void)
{
	str s = str_new(2);
	int fd;
	CHECK(!file_read(dir, "f", &s) && errno == EFBIG, "longer than the cap");
	str_clear(&s);
	CHECK(!file_read(dir, "none", &s) && errno == ENOENT, "no such file");
	str_free(&s);
	CHECK(symlinkat("f", dir, "link") == 0 && file_open_read(dir, "link") < 0 && errno == ELOOP,
	      "no symbolic link");
	CHECK(mkfifoat(dir, "fifo", 0600) == 0 && file_open_read(dir, "fifo") < 0 &&
		  errno == EINVAL,
	      "no fifo, and no waiting for one");
	CHECK(file_open_read(dir, ".") < 0 && errno == EISDIR, "no folder");
	CHECK((fd = file_open_read(dir, "f")) >= 0, "a regular file");
	char got[8] = "";
	CHECK(file_pread(fd, got, sizeof got, 1) == 2 && !memcmp(got, "\0o", 2),
	      "short at the end");
	CHECK(file_pread(fd, got, sizeof got, 99) == 0, "nothing behind the end");
	CHECK(file_seekable(fd, 100) == fd, "a file is seekable");
	(void)close(fd);
	(void)unlinkat(dir, "link", 0);
	(void)unlinkat(dir, "fifo", 0);
}

static void seekable(void)
{
	int p[2], fd;
	char got[8] = "";
	if (pipe(p) < 0 || !write_all(p[1], S("abc")) || close(p[1]) < 0)
		abort();
	fd = file_seekable(p[0], 3);
	CHECK(fd >= 0 && fd != p[0] && read(fd, got, sizeof got) == 3 && !memcmp(got, "abc", 3),
	      "a pipe is copied and stands at its start");
	CHECK(lseek(fd, 0, SEEK_SET) == 0, "the copy is seekable");
	CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, "and no child gets it");
	(void)close(fd);
	(void)close(p[0]);
	if (pipe(p) < 0 || !write_all(p[1], S("abcd")) || close(p[1]) < 0)
		abort();
	CHECK(file_seekable(p[0], 3) < 0 && errno == EFBIG, "at most max");
	(void)close(p[0]);
	CHECK(file_seekable(-1, 3) < 0 && errno == EBADF, "no descriptor");
	CHECK(!file_sync(-1) && errno == EBADF, "sync of nothing");
}

int main(void)
{
	char name[] = "/tmp/pabal-unit.XXXXXX";
	(void)alarm(20);
	(void)umask(077);
	if (!mkdtemp(name) || (dir = file_open_dir(AT_FDCWD, name)) < 0)
		abort();
	replacing();
	reading();
	seekable();
	(void)unlinkat(dir, "f", 0);
	(void)close(dir);
	CHECK(rmdir(name) == 0, "nothing is left behind");
	return unit_done();
}
