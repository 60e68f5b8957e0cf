/* links: io base : z */
#include "io/frame.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static int pair[2];

static void open_pair(in *s)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	in_open(s, pair[0], 4096);
}

static void close_pair(in *s)
{
	in_close(s);
	(void)close(pair[0]);
	if (pair[1] >= 0)
		(void)close(pair[1]);
}

static void there_and_back(void)
{
	in s;
	char type, payload[64];
	size_t n;
	span parts[] = {S("abc"), S(""), S("d\0e")};
	open_pair(&s);
	CHECK(frame_send(pair[1], 'R', parts, 3) && frame_send(pair[1], 'Q', NULL, 0), "sent");
	CHECK(frame_recv(&s, &type, payload, sizeof payload, &n) == IN_OK && type == 'R' &&
		  n == 6 && !memcmp(payload, "abcd\0e", 6),
	      "parts are joined");
	CHECK(frame_recv(&s, &type, payload, sizeof payload, &n) == IN_OK && type == 'Q' && n == 0,
	      "an empty one");
	(void)close(pair[1]);
	pair[1] = -1;
	CHECK(frame_recv(&s, &type, payload, sizeof payload, &n) == IN_EOF, "EOF between records");
	close_pair(&s);
}

static void received(const char *name, span wire, enum in_result want, int error)
{
	in s;
	char type, payload[16];
	size_t n;
	open_pair(&s);
	if (write(pair[1], wire.p, wire.n) != (ssize_t)wire.n)
		abort();
	(void)close(pair[1]);
	pair[1] = -1;
	errno = 0;
	enum in_result r = frame_recv(&s, &type, payload, sizeof payload, &n);
	CHECK(r == want && (!error || errno == error), "%s", name);
	close_pair(&s);
}

static void bounds(void)
{
	static char big[FRAME_MAX];
	in s;
	span too_large[] = {{big, FRAME_MAX}, S("x")};
	span many[9] = {{"", 0}};
	received("the most that is allowed",
		 S("R\0\0\0\x10"
		   "0123456789abcdef"),
		 IN_OK, 0);
	received("one more",
		 S("R\0\0\0\x11"
		   "0123456789abcdefg"),
		 IN_LONG, 0);
	received("four gigabytes", S("R\xff\xff\xff\xff"), IN_LONG, 0);
	received("the head is cut", S("R\0\0"), IN_ERROR, EPROTO);
	received("only the type", S("R"), IN_ERROR, EPROTO);
	received("the payload is cut",
		 S("R\0\0\0\x04"
		   "abc"),
		 IN_ERROR, EPROTO);
	received("nothing", S(""), IN_EOF, 0);
	open_pair(&s);
	CHECK(!frame_send(pair[1], 'R', too_large, 2) && errno == EMSGSIZE, "too large to send");
	CHECK(!frame_send(pair[1], 'R', many, 9) && errno == EMSGSIZE, "too many parts");
	(void)close(pair[0]);
	CHECK(!frame_send(pair[1], 'R', NULL, 0) && errno == EPIPE,
	      "a dead peer is EPIPE, no signal");
	close_pair(&s);
}

/* The largest record does not fit a socket buffer: it goes in pieces. */
static void largest(void)
{
	static char big[FRAME_MAX], back[FRAME_MAX];
	in s;
	char type;
	size_t n;
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)(i * 7);
	open_pair(&s);
	pid_t pid = fork();
	if (pid == 0) {
		span parts[] = {{big, 1000}, {big + 1000, FRAME_MAX - 1000}};
		_exit(!frame_send(pair[1], 'M', parts, 2));
	}
	CHECK(frame_recv(&s, &type, back, sizeof back, &n) == IN_OK && n == FRAME_MAX &&
		  !memcmp(big, back, n),
	      "a record of FRAME_MAX");
	int code = -1;
	(void)waitpid(pid, &code, 0);
	CHECK(code == 0, "its sender says so too");
	close_pair(&s);
}

static void fields(void)
{
	span payload = span_of("a\0\0bc\0rest", 10), f;
	CHECK(frame_field(&payload, &f) && span_eq(f, S("a")), "first field");
	CHECK(frame_field(&payload, &f) && f.n == 0, "an empty field");
	CHECK(frame_field(&payload, &f) && span_eq(f, S("bc")), "third field");
	CHECK(!frame_field(&payload, &f) && span_eq(payload, S("rest")),
	      "what lacks its NUL is none");
	payload = S("");
	CHECK(!frame_field(&payload, &f), "nothing is none");
}

int main(void)
{
	(void)alarm(20);
	there_and_back();
	bounds();
	largest();
	fields();
	return unit_done();
}
