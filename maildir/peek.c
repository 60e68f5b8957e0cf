#include "maildir/peek.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "io/file.h"

enum {
	ROOM = 65536,
	LEAST = 2048, /* octets of the first read, which follows what the headers before needed */
	MOST = 16384,
};

void peek_open(peek *p, maildir_scan *s)
{
	*p = (peek){
	    .scan = s, .part = UINT32_MAX, .dir = -1, .fd = -1, .room = ROOM, .first = LEAST};
	p->buf = xmalloc(p->room);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void peek_close(peek *p)
{
	close_fd(&p->fd);
	close_fd(&p->dir);
	free(p->buf);
	p->buf = NULL;
}

static bool enter(peek *p, uint32_t part)
{
	const char *prefix = p->scan->parts[part].prefix;
	if (p->part == part && p->dir >= 0)
		return true;
	close_fd(&p->dir);
	p->part = part;
	p->dir = file_open_dir(AT_FDCWD, *prefix ? prefix : ".");
	return p->dir >= 0;
}

static bool open_message(peek *p, const scan_message *m)
{
	close_fd(&p->fd);
	if (!enter(p, m->part))
		return false;
	p->fd = openat(p->dir, m->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return p->fd >= 0;
}

/* A short read of a file is its end. */
static ssize_t read_at(int fd, char *to, size_t n, size_t offset)
{
	ssize_t got;
	do
		got = pread(fd, to, n, (off_t)offset);
	while (got < 0 && errno == EINTR);
	return got;
}

static bool read_up_to(peek *p, size_t n)
{
	size_t have = p->octets.n;
	ssize_t got = read_at(p->fd, p->buf + have, n - have, have);
	p->cut = false;
	if (got < 0)
		return false;
	p->octets = span_of(p->buf, have + (size_t)got);
	p->whole = p->octets.n < n;
	p->cut = !p->whole && n < PEEK_HEADER_MAX;
	return true;
}

/* Most messages: one read, and the file need not be asked for its size. Headers of one folder are much alike: as much
 * is read as the last ones needed, a little less each time. */
static bool read_front(peek *p)
{
	p->octets = span_of(p->buf, 0);
	if (p->first > LEAST)
		p->first -= p->first / 256;
	return read_up_to(p, p->first);
}

bool peek_more(peek *p)
{
	size_t n = p->octets.n;
	if (!p->cut)
		return false;
	if (p->first < MOST)
		p->first *= 2;
	n = n < ROOM ? ROOM : n * 4;
	if (n > p->room) {
		p->room = n;
		p->buf = xrealloc(p->buf, p->room, 1);
		p->octets.p = p->buf;
	}
	return read_up_to(p, n);
}

bool peek_message(peek *p, scan_message *m)
{
	if (!open_message(p, m)) {
		if (errno != ENOENT)
			return false;
		bool again = maildir_scan_again(p->scan, m);
		errno = ENOENT;
		if (!again || !open_message(p, m))
			return false;
	}
	return read_front(p);
}

uint64_t peek_octets(const peek *p, const scan_message *m)
{
	struct stat st;
	uint64_t n;
	if (name_octets(scan_name(m), &n))
		return n;
	if (p->whole)
		return p->octets.n;
	return fstat(p->fd, &st) == 0 ? (uint64_t)st.st_size : p->octets.n;
}
