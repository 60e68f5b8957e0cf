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

/* Octets up to and with the first empty line at or behind `from`; 0 where there is none. */
static size_t header_end(span s, size_t from)
{
	if (from == 0 && (span_starts(s, S("\n")) || span_starts(s, S("\r\n"))))
		return s.p[0] == '\n' ? 1 : 2;
	for (size_t at = from; at < s.n;) {
		const char *lf = memchr(s.p + at, '\n', s.n - at);
		if (!lf)
			return 0;
		at = (size_t)(lf - s.p) + 1;
		if (at < s.n && s.p[at] == '\n')
			return at + 1;
		if (at + 1 < s.n && s.p[at] == '\r' && s.p[at + 1] == '\n')
			return at + 2;
	}
	return 0;
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

/* Headers of one folder are much alike: as much is read as held the last ones, a little less each time. */
static void learn(peek *p)
{
	while (p->first < MOST && p->header.n > p->first)
		p->first *= 2;
	if (p->first > LEAST && p->header.n * 2 < p->first)
		p->first -= p->first / 64;
}

/* Most messages: one read, and the file need not be asked for its size. */
static bool read_header(peek *p)
{
	size_t n = 0, end = 0, seen = 0, want = p->first;
	for (;;) {
		ssize_t got = read_at(p->fd, p->buf + n, want - n, n);
		if (got < 0)
			return false;
		n += (size_t)got;
		p->whole = n < want;
		p->octets = span_of(p->buf, n);
		end = header_end(p->octets, seen);
		if (end || p->whole || want >= PEEK_HEADER_MAX)
			break;
		seen = n > 2 ? n - 2 : 0;
		want = want < ROOM ? ROOM : want * 4;
		if (want > p->room) {
			p->room = want;
			p->buf = xrealloc(p->buf, p->room, 1);
		}
	}
	p->header = span_sub(p->octets, 0, end ? end : n);
	learn(p);
	return true;
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
	return read_header(p);
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
