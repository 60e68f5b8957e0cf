/* links: net io base : idn2 */
#include "net/dial.h"

#include <arpa/inet.h>
#include <errno.h>

#include "io/clock.h"
#include "tests/unit/unit.h"

static void places(void)
{
	static const struct {
		const char *text, *host; /* host NULL: refused */
		uint16_t port;
		bool bracketed, literal;
	} cases[] = {
	    {"Mail.Example", "mail.example", 25, false, false},
	    {"mail.example:2525", "mail.example", 2525, false, false},
	    {"[mail.example]", "mail.example", 25, true, false},
	    {"[mail.example]:26", "mail.example", 26, true, false},
	    {"127.0.0.1", "127.0.0.1", 25, false, true},
	    {"127.0.0.1:26", "127.0.0.1", 26, false, true},
	    {"[127.0.0.1]:26", "127.0.0.1", 26, true, true},
	    {"[IPv6:::1]", "::1", 25, true, true},
	    {"[ipv6:2001:DB8::1]:26", "2001:db8::1", 26, true, true},
	    {"[::1]:26", "::1", 26, true, true},
	    {"::1", "::1", 25, false, true},
	    {"", NULL, 0, false, false},
	    {"[]", NULL, 0, false, false},
	    {"[127.0.0.1", NULL, 0, false, false},
	    {"[127.0.0.1]26", NULL, 0, false, false},
	    {"host:", NULL, 0, false, false},
	    {"host:0", NULL, 0, false, false},
	    {"host:65536", NULL, 0, false, false},
	    {"host:25x", NULL, 0, false, false},
	    {"[IPv6:host]", NULL, 0, false, false},
	    {"a:b:c", NULL, 0, false, false},
	    {"ho st", NULL, 0, false, false},
	    {"[127.0.0.1.]", NULL, 0, false, false},
	    {"127.0.0", NULL, 0, false, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span text = unit_copy(span_str(cases[i].text));
		dial_place p;
		bool ok = dial_parse(text, 25, &p);
		CHECK(ok == (cases[i].host != NULL), "place \"%s\"", cases[i].text);
		CHECK(!ok || (strcmp(p.host, cases[i].host) == 0 && p.port == cases[i].port &&
			      p.bracketed == cases[i].bracketed && p.literal == cases[i].literal),
		      "its parts");
		free((char *)(uintptr_t)text.p);
	}
}

static void connecting(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), got;
	socklen_t size = sizeof(struct sockaddr_in);
	dial_addr a;
	(void)dial_addr_make(S("\x7f\0\0\1"), 0, &a);
	CHECK(bind(fd, &a.sa.any, a.size) == 0 && getsockname(fd, &a.sa.any, &size) == 0, "a port");
	got = dial(&a, clock_ms() + 5000);
	CHECK(got < 0 && errno == ECONNREFUSED, "bound, nobody listens");
	CHECK(listen(fd, 0) == 0, "listen");
	got = dial(&a, clock_ms() + 5000);
	CHECK(got >= 0 && !(fcntl(got, F_GETFL) & O_NONBLOCK) && fcntl(got, F_GETFD) & FD_CLOEXEC,
	      "connected, blocking, closed on exec");
	/* the queue of the listener is full now: nobody answers */
	int more[4];
	int64_t start = clock_ms();
	for (size_t i = 0; i < 4; i++)
		more[i] = dial(&a, clock_ms() + 100);
	CHECK(more[3] < 0 && errno == ETIMEDOUT && clock_ms() - start < 5000, "the deadline holds");
	for (size_t i = 0; i < 4; i++)
		if (more[i] >= 0)
			(void)close(more[i]);
	(void)close(got);
	(void)close(fd);
}

int main(void)
{
	places();
	connecting();
	return unit_done();
}
