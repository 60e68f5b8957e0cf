#include "io/in.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/passed.h"

/* A buffer of that size is a mapping of its own: what is behind it in the heap costs an idle session a page. */
enum { MAPPED = 32768 };

void in_open(in *s, int fd, size_t size)
{
	char *buf = size < MAPPED ? xmalloc(size)
				  : mmap(NULL, size, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buf == MAP_FAILED)
		die(EX_TEMPFAIL, "out of memory");
	*s = (in){.fd = fd, .buf = buf, .size = size};
}

void in_close(in *s)
{
	if (s->size < MAPPED)
		free(s->buf);
	else
		(void)munmap(s->buf, s->size);
	*s = (in){.fd = -1};
}

void in_reset(in *s, int fd)
{
	s->fd = fd;
	s->at = s->end = 0;
	s->eof = false;
	s->deadline = 0;
}

bool in_give(in *s, span octets)
{
	if (s->at != s->end || octets.n > s->size)
		return false;
	if (octets.n)
		memcpy(s->buf, octets.p, octets.n);
	s->at = 0;
	s->end = octets.n;
	return true;
}

static int64_t nearest(const in *s)
{
	int64_t idle = s->idle_ms ? clock_ms() + s->idle_ms : 0;
	if (idle && s->deadline)
		return idle < s->deadline ? idle : s->deadline;
	return idle ? idle : s->deadline;
}

static enum in_result late(void)
{
	errno = ETIMEDOUT;
	return IN_TIMEOUT;
}

static enum in_result wait_readable(const in *s)
{
	if (s->filter && s->filter->ready(s->filter))
		return IN_OK;
	if (s->timer)
		return s->deadline && clock_left(s->deadline) == 0 ? late() : IN_OK;
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	int64_t deadline = nearest(s);
	if (deadline == 0)
		return IN_OK;
	for (;;) {
		int n = poll(&p, 1, clock_left(deadline));
		if (n > 0)
			return IN_OK;
		if (n < 0 && errno != EINTR)
			return IN_ERROR;
		if (n == 0 || clock_left(deadline) == 0)
			return late();
	}
}

static ssize_t read_some(const in *s)
{
	void *to = s->buf + s->end;
	size_t room = s->size - s->end;
	if (s->filter)
		return s->filter->read(s->filter, s->fd, to, room);
	if (!s->passed)
		return read(s->fd, to, room);
	int fd;
	size_t count;
	ssize_t n = passed_recv(s->fd, to, room, &fd, 1, &count);
	if (count && *s->passed < 0)
		*s->passed = fd;
	else if (count)
		(void)close(fd);
	return n;
}

/* One read behind what is buffered; the unread octets move to the front first if there is no room. */
static enum in_result fill(in *s)
{
	if (s->eof)
		return IN_EOF;
	if (s->before_wait)
		s->before_wait(s->before_wait_arg);
	if (s->at == s->end)
		s->at = s->end = 0;
	if (s->end == s->size) {
		memmove(s->buf, s->buf + s->at, s->end - s->at);
		s->end -= s->at;
		s->at = 0;
	}
	enum in_result r = wait_readable(s);
	while (r == IN_OK) {
		ssize_t n = read_some(s);
		if (n > 0) {
			s->end += (size_t)n;
			return IN_OK;
		}
		if (n == 0) {
			s->eof = true;
			return IN_EOF;
		}
		if (errno == EAGAIN && s->timer)
			return late();
		if (errno == EAGAIN) {
			struct pollfd p = {.fd = s->fd, .events = POLLIN};
			(void)poll(&p, 1, clock_left(nearest(s)));
		} else if (errno != EINTR) {
			return IN_ERROR;
		}
		r = wait_readable(s);
	}
	return r;
}

static span take(in *s, size_t n)
{
	span taken = {s->buf + s->at, n};
	s->at += n;
	return taken;
}

enum in_result in_line(in *s, size_t limit, span *line)
{
	size_t seen = 0;
	if (limit > s->size)
		limit = s->size;
	for (;;) {
		size_t have = s->end - s->at;
		size_t look = have < limit ? have : limit;
		const char *lf =
		    look > seen ? memchr(s->buf + s->at + seen, '\n', look - seen) : NULL;
		if (lf) {
			*line = take(s, (size_t)(lf - (s->buf + s->at)) + 1);
			return IN_OK;
		}
		if (have >= limit) {
			*line = take(s, limit);
			return IN_LONG;
		}
		seen = look;
		enum in_result r = fill(s);
		if (r == IN_EOF && have) {
			*line = take(s, have);
			return IN_OK;
		}
		if (r != IN_OK) {
			*line = S("");
			return r;
		}
	}
}

enum in_result in_peek(in *s, span *octets)
{
	enum in_result r = IN_OK;
	if (s->at == s->end)
		r = fill(s);
	*octets = (span){s->buf + s->at, s->end - s->at};
	return r;
}

void in_skip(in *s, size_t n)
{
	size_t have = s->end - s->at;
	s->at += n < have ? n : have;
}

enum in_result in_exact(in *s, void *dst, size_t n)
{
	char *to = dst;
	while (n) {
		span got;
		enum in_result r = in_peek(s, &got);
		if (r != IN_OK)
			return r;
		if (got.n > n)
			got.n = n;
		memcpy(to, got.p, got.n);
		in_skip(s, got.n);
		to += got.n;
		n -= got.n;
	}
	return IN_OK;
}

size_t in_buffered(const in *s)
{
	return s->end - s->at;
}

bool in_ready(const in *s)
{
	return s->end > s->at || (s->filter && s->filter->ready(s->filter));
}
