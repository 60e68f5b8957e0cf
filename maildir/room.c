#include "maildir/room.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "io/file.h"
#include "maildir/make.h"
#include "maildir/name.h"

enum { PATH_ROOM = 8192 };

/* The open directory `name` of `at`; NULL with errno. */
static DIR *open_list(int at, const char *name)
{
	int fd = file_open_dir(at, name);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (fd >= 0 && !d)
		(void)close(fd);
	return d;
}

/* By its name, else by itself; what went meanwhile counts nothing. */
static void count_message(int dir, const char *name, maildir_usage *u)
{
	struct stat st;
	uint64_t octets;
	if (*name == '.')
		return;
	if (!name_octets(span_str(name), &octets)) {
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			return;
		octets = (uint64_t)st.st_size;
	}
	u->octets += octets;
	u->messages++;
}

static bool count_part(int folder, const char *part, maildir_usage *u)
{
	DIR *d = open_list(folder, part);
	struct dirent *e;
	if (!d)
		return false;
	while ((errno = 0, e = readdir(d)))
		count_message(dirfd(d), e->d_name, u);
	int error = errno;
	(void)closedir(d);
	errno = error;
	return error == 0;
}

static bool count_folder(int folder, maildir_usage *u)
{
	return count_part(folder, "new", u) && count_part(folder, "cur", u);
}

/* What is no folder, or was removed meanwhile, is passed over. */
static bool count_below(int top, const char *name, maildir_usage *u)
{
	if (name[0] != '.' || !name[1] || (name[1] == '.' && !name[2]))
		return true;
	int folder = file_open_dir(top, name);
	bool done = folder >= 0 && count_folder(folder, u);
	int error = errno;
	if (folder >= 0)
		(void)close(folder);
	errno = error;
	return done || error == ENOENT || error == ENOTDIR;
}

static bool count_all(DIR *top, maildir_usage *u)
{
	struct dirent *e;
	if (!count_folder(dirfd(top), u))
		return false;
	while ((errno = 0, e = readdir(top)))
		if (!count_below(dirfd(top), e->d_name, u))
			return false;
	return errno == 0;
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A line that another program appended meanwhile may or may not be in our sum: then the file stays as it is. */
static void replace(int top, const struct stat *before, const maildir_usage *u)
{
	struct stat now = {.st_size = 0};
	str text = str_new(PATH_ROOM);
	if (fstatat(top, "maildirsize", &now, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
		return;
	(void)str_printf(&text, "%lluS\n%llu %llu\n", (unsigned long long)u->limit,
			 (unsigned long long)u->octets, (unsigned long long)u->messages);
	if (same(before, &now))
		(void)file_replace(top, "maildirsize", now.st_ino ? now.st_mode & 0666 : 0600,
				   str_span(&text));
	str_free(&text);
}

bool maildir_recount(const char *dir, uint64_t limit, maildir_usage *u)
{
	str path = str_new(PATH_ROOM);
	struct stat before = {.st_size = 0};
	(void)str_printf(&path, "%s/%s", dir, maildir_is_folder(dir) ? ".." : ".");
	errno = ENAMETOOLONG;
	DIR *top = path.over ? NULL : open_list(AT_FDCWD, str_cstr(&path));
	bool done = top != NULL;
	*u = (maildir_usage){.limit = limit, .counted = true};
	if (done)
		(void)!fstatat(dirfd(top), "maildirsize", &before, AT_SYMLINK_NOFOLLOW);
	done = done && count_all(top, u);
	if (done)
		replace(dirfd(top), &before, u);
	int error = errno;
	if (top)
		(void)closedir(top);
	str_free(&path);
	errno = error;
	return done;
}

static bool fits(const maildir_usage *u, uint64_t limit, uint64_t size)
{
	return u->octets < limit && size <= limit - u->octets;
}

/* RFC 3463: 4.2.2 mailbox full. */
static status judge(const char *dir, uint64_t limit, uint64_t size, maildir_usage *u, int error)
{
	if (limit == 0)
		return status_ok();
	bool known = error == 0;
	bool stale = known ? u->limit != limit || (!u->counted && !fits(u, limit, size))
			   : error == ENOENT || error == EINVAL || error == EFBIG;
	known = (stale && maildir_recount(dir, limit, u)) || known;
	if (!known || fits(u, limit, size))
		return status_ok();
	return status_make(EX_TEMPFAIL, 452, "4.2.2", "mailbox full");
}

status maildir_room(const char *dir, uint64_t limit, uint64_t size)
{
	maildir_usage u;
	if (limit == 0)
		return status_ok();
	if (size > limit)
		return status_make(EX_UNAVAILABLE, 552, "5.2.2", "message larger than the mailbox");
	return judge(dir, limit, size, &u, maildir_usage_read(dir, &u) ? 0 : errno);
}

status maildir_room_own(const char *dir, uint64_t size)
{
	maildir_usage u;
	int error = maildir_usage_read(dir, &u) ? 0 : errno;
	return judge(dir, u.limit, size, &u, error);
}
