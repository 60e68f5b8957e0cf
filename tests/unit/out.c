/* links: io base : z */
#include "io/out.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/clock.h"
#include "tests/unit/unit.h"

static void order(void)
{
	int fd[2];
	char got[64] = "";
	out o;
	if (pipe(fd) < 0)
		abort();
	out_open(&o, fd[1], 8);
	out_puts(&o, "ab");
	out_putc(&o, 'c');
	out_putu(&o, 1234567890123);
	out_printf(&o, "%s-%d", "x", -1);
	out_put(&o, S("longer than the buffer"));
	out_put(&o, S("."));
	CHECK(out_flush(&o), "flush");
	ssize_t n = read(fd[0], got, sizeof got);
	CHECK(n > 0 && span_eq(span_of(got, (size_t)n),
			       S("abc1234567890123x--1longer than the buffer.")),
	      "in order, small and large pieces mixed");
	out_put(&o, S("x"));
	out_reset(&o, fd[1]);
	CHECK(o.n == 0 && out_flush(&o), "reset drops what waits");
	out_close(&o);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static void full(void)
{
	out o;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	out_open(&o, fd, 16);
	out_puts(&o, "fits");
	CHECK(!o.error, "nothing is known before the flush");
	CHECK(!out_flush(&o) && errno == ENOSPC, "no space shows at the flush");
	out_puts(&o, "more");
	CHECK(o.n == 0 && !out_flush(&o) && errno == ENOSPC, "and stays");
	out_reset(&o, STDOUT_FILENO);
	CHECK(out_flush(&o), "until a reset");
	out_close(&o);
	CHECK(!write_all(fd, S("x")) && errno == ENOSPC, "write_all");
	(void)close(fd);
}

/* A peer that does not read may not hold us longer than the deadline. */
static void slow_peer(void)
{
	int fd[2];
	char *big = calloc(1, 4 << 20);
	out o;
	if (!big || socketpair(AF_UNIX, SOCK_STREAM, 0, fd) < 0)
		abort();
	out_open(&o, fd[1], 16);
	int64_t begin = clock_ms();
	o.deadline = begin + 50;
	out_put(&o, span_of(big, 4 << 20));
	CHECK(o.error == ETIMEDOUT && clock_ms() - begin < 5000, "the deadline ends it");
	out_reset(&o, fd[1]);
	o.idle_ms = 30;
	out_put(&o, span_of(big, 4 << 20));
	CHECK(o.error == ETIMEDOUT, "so does idle_ms");
	(void)close(fd[0]);
	out_reset(&o, fd[1]);
	o.idle_ms = 30;
	out_puts(&o, "x");
	CHECK(!out_flush(&o) && errno == EPIPE, "a dead peer is EPIPE, no signal");
	out_close(&o);
	(void)close(fd[1]);
	free(big);
}

int main(void)
{
	(void)alarm(20);
	order();
	full();
	slow_peer();
	return unit_done();
}
