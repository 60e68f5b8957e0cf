#include "io/out.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/die.h"
#include "io/clock.h"

void out_open(out *o, int fd, size_t size)
{
	*o = (out){.fd = fd, .buf = xmalloc(size), .size = size};
}

void out_close(out *o)
{
	free(o->buf);
	*o = (out){.fd = -1};
}

void out_reset(out *o, int fd)
{
	o->fd = fd;
	o->n = 0;
	o->error = 0;
	o->deadline = 0;
}

static int64_t nearest(const out *o)
{
	int64_t idle = o->idle_ms ? clock_ms() + o->idle_ms : 0;
	if (idle && o->deadline)
		return idle < o->deadline ? idle : o->deadline;
	return idle ? idle : o->deadline;
}

/* A blocking write to a socket cannot be bounded by poll(2) alone: a large one blocks half way. With a
 * deadline, sockets get MSG_DONTWAIT; files and pipes are written as they are. */
static ssize_t write_some(out *o, span s)
{
	if (o->idle_ms || o->deadline) {
		ssize_t n = send(o->fd, s.p, s.n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0 || errno != ENOTSOCK)
			return n;
	}
	return write(o->fd, s.p, s.n);
}

static void write_out(out *o, span s)
{
	int64_t deadline = nearest(o);
	while (s.n && !o->error) {
		ssize_t n = write_some(o, s);
		if (n >= 0) {
			s = span_sub(s, (size_t)n, s.n);
			deadline = nearest(o);
		} else if (errno == EAGAIN) {
			struct pollfd p = {.fd = o->fd, .events = POLLOUT};
			if (poll(&p, 1, clock_left(deadline)) == 0)
				o->error = ETIMEDOUT;
		} else if (errno != EINTR) {
			o->error = errno;
		}
	}
}

static void pass(out *o, span s, bool flush)
{
	span piece;
	if (!o->filter) {
		write_out(o, s);
		return;
	}
	while (!o->error && (piece = o->filter->next(o->filter, &s, flush)).n)
		write_out(o, piece);
}

static void spill(out *o, bool flush)
{
	span waiting = {o->buf, o->n};
	o->n = 0;
	pass(o, waiting, flush);
}

void out_put(out *o, span s)
{
	if (o->error)
		return;
	if (s.n > o->size - o->n)
		spill(o, false);
	if (s.n >= o->size) {
		pass(o, s, false);
	} else if (s.n) {
		memcpy(o->buf + o->n, s.p, s.n);
		o->n += s.n;
	}
}

void out_puts(out *o, const char *cstr)
{
	out_put(o, span_str(cstr));
}

void out_putc(out *o, char c)
{
	out_put(o, (span){&c, 1});
}

void out_putu(out *o, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;
	do
		digits[--at] = (char)('0' + v % 10);
	while (v /= 10);
	out_put(o, (span){digits + at, sizeof digits - at});
}

void out_printf(out *o, const char *fmt, ...)
{
	char *text;
	va_list args;
	va_start(args, fmt);
	int n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		die(EX_TEMPFAIL, "out of memory");
	out_put(o, (span){text, (size_t)n});
	free(text);
}

bool out_flush(out *o)
{
	spill(o, true);
	errno = o->error;
	return o->error == 0;
}

bool write_all(int fd, span s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			s = span_sub(s, (size_t)n, s.n);
	}
	return true;
}
