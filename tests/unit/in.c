/* links: io base : z */
#include "io/in.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/clock.h"
#include "tests/unit/unit.h"

/* A pipe that a child fills: one octet a write where `slow`. The child waits for the reader each
 * time, because the pipe is a packet pipe and a read takes one packet. */
static int feed(span octets, bool slow)
{
	int fd[2];
	if (pipe2(fd, slow ? O_DIRECT : 0) < 0)
		abort();
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(fd[0]);
		for (size_t at = 0; at < octets.n;) {
			ssize_t n = write(fd[1], octets.p + at, slow ? 1 : octets.n - at);
			if (n <= 0)
				_exit(1);
			at += (size_t)n;
		}
		_exit(0);
	}
	(void)close(fd[1]);
	return fd[0];
}

static void done(in *s)
{
	(void)close(s->fd);
	in_close(s);
	while (wait(NULL) > 0)
		;
}

static void lines(bool slow)
{
	static const struct {
		enum in_result r;
		const char *line;
	} want[] = {
	    {IN_OK, "one\n"},	    {IN_OK, "\n"},	    {IN_OK, "exactly8\n"},
	    {IN_LONG, "ninechars"}, {IN_LONG, "ninechars"}, {IN_OK, "\n"},
	    {IN_OK, "last"},	    {IN_EOF, ""},	    {IN_EOF, ""},
	};
	in s;
	in_open(&s, feed(S("one\n\nexactly8\nninecharsninechars\nlast"), slow), 16);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		span line;
		enum in_result r = in_line(&s, 9, &line);
		CHECK(r == want[i].r && span_eq(line, span_str(want[i].line)), "line %zu%s", i,
		      slow ? ", one octet at a time" : "");
	}
	done(&s);
}

static void limits(void)
{
	in s;
	span line;
	in_open(&s, feed(S("0123456789abcdefXYZ\nrest"), false), 16);
	CHECK(in_line(&s, 1000, &line) == IN_LONG && line.n == 16,
	      "no line longer than the buffer");
	CHECK(in_line(&s, 1000, &line) == IN_OK && span_eq(line, S("XYZ\n")),
	      "it goes on in the line");
	CHECK(in_peek(&s, &line) == IN_OK && span_eq(line, S("rest")) && in_buffered(&s) == 4,
	      "peek does not take");
	in_skip(&s, 1);
	CHECK(in_buffered(&s) == 3, "skip takes");
	in_skip(&s, 99);
	CHECK(in_buffered(&s) == 0 && in_peek(&s, &line) == IN_EOF && line.n == 0,
	      "skip takes no more than there is");
	done(&s);
}

static void exact(bool slow)
{
	in s;
	char got[6] = "";
	in_open(&s, feed(S("abcdefg"), slow), 4);
	CHECK(in_exact(&s, got, 5) == IN_OK && !memcmp(got, "abcde", 5), "exactly 5, slow %d",
	      slow);
	CHECK(in_exact(&s, got, 5) == IN_EOF, "exactly 5 of 2 is EOF, slow %d", slow);
	done(&s);
}

static void waiting(void)
{
	int fd[2];
	in s;
	span line;
	if (pipe(fd) < 0)
		abort();
	in_open(&s, fd[0], 16);
	int64_t begin = clock_ms();
	s.idle_ms = 30;
	errno = 0;
	CHECK(in_line(&s, 16, &line) == IN_TIMEOUT && errno == ETIMEDOUT, "nothing within idle_ms");
	CHECK(clock_ms() - begin >= 30, "it waited");
	CHECK(write(fd[1], "ab", 2) == 2 && in_line(&s, 16, &line) == IN_TIMEOUT, "half a line");
	CHECK(in_buffered(&s) == 2, "half a line is kept");
	s.idle_ms = 0;
	s.deadline = clock_ms() - 1;
	CHECK(in_line(&s, 16, &line) == IN_TIMEOUT, "a deadline that has passed");
	s.idle_ms = 100000;
	s.deadline = clock_ms() + 20;
	CHECK(in_line(&s, 16, &line) == IN_TIMEOUT, "the nearer of the two counts");
	CHECK(write(fd[1], "c\n", 2) == 2 && in_line(&s, 16, &line) == IN_OK &&
		  span_eq(line, S("abc\n")),
	      "and the line can still come");
	(void)close(fd[1]);
	done(&s);
	in_open(&s, -1, 16);
	CHECK(in_line(&s, 16, &line) == IN_ERROR && errno == EBADF, "an error of read");
	in_close(&s);
}

static int flushed;
static void flush(void *arg)
{
	flushed++;
	(void)arg;
}

static void before_wait(void)
{
	in s;
	span line;
	in_open(&s, feed(S("a\nb\nc\n"), false), 64);
	s.before_wait = flush;
	(void)in_line(&s, 64, &line);
	int first = flushed;
	(void)in_line(&s, 64, &line);
	(void)in_line(&s, 64, &line);
	CHECK(first >= 1 && flushed == first, "no flush while input waits in the buffer");
	CHECK(in_line(&s, 64, &line) == IN_EOF && flushed > first, "a flush before the next read");
	done(&s);
}

int main(void)
{
	(void)alarm(20);
	lines(false);
	lines(true);
	limits();
	exact(false);
	exact(true);
	waiting();
	before_wait();
	return unit_done();
}
