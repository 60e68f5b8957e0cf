/* links: net io base */
#include "net/listen.h"

#include "tests/unit/unit.h"

static void binds(void)
{
	static const struct {
		const char *host, *ip;
	} cases[] = {
	    {"127.0.0.1", "127.0.0.1"}, {"localhost", "127.0.0.1"}, {"0.0.0.0", "0.0.0.0"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char ip[NET_ADDR_ROOM], text[12];
		uint16_t port = 0;
		int fd = listen_tcp(cases[i].host, "0");
		CHECK(fd >= 0 && listen_is(fd), "%s listens", cases[i].host);
		CHECK(listen_bound(fd, ip, &port) && port != 0, "%s has a port", cases[i].host);
		CHECK(strcmp(ip, cases[i].ip) == 0, "%s is %s", cases[i].host, cases[i].ip);
		CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC, "%s is closed on exec", cases[i].host);
		(void)snprintf(text, sizeof text, "%u", port);
		CHECK(listen_tcp(cases[i].host, text) < 0 && errno == EADDRINUSE, "%s is busy",
		      cases[i].host);
		(void)close(fd);
		fd = listen_tcp(cases[i].host, text);
		CHECK(fd >= 0, "%s is free again at once", cases[i].host);
		(void)close(fd);
	}
	int fd = listen_tcp("0", "0");
	CHECK(fd >= 0 && listen_is(fd), "all addresses");
	(void)close(fd);
}

static void refuses(void)
{
	static const char *const ports[] = {"", "x", "65536", "-1", "25 ", "smtp"};
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		CHECK(listen_tcp("127.0.0.1", ports[i]) < 0 && errno == EINVAL, "port \"%s\"",
		      ports[i]);
	static const char *const hosts[] = {"192.0.2.1", "", "example.test", "127.0.0.1 ", "[::1]"};
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
		CHECK(listen_tcp(hosts[i], "0") < 0 && errno == EADDRNOTAVAIL, "host \"%s\"",
		      hosts[i]);
}

static void others(void)
{
	char ip[NET_ADDR_ROOM];
	uint16_t port;
	int fds[2], null = open("/dev/null", O_RDONLY);
	CHECK(pipe(fds) == 0 && !listen_is(fds[0]) && !listen_is(null), "a pipe, a file");
	CHECK(!listen_bound(fds[0], ip, &port), "a pipe is bound to nothing");
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(!listen_is(fd), "a socket that does not listen");
	(void)close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(!listen_bound(fd, ip, &port) && errno == EAFNOSUPPORT, "no inet socket");
	(void)close(fd);
	(void)close(fds[0]);
	(void)close(fds[1]);
	(void)close(null);
}

int main(void)
{
	binds();
	refuses();
	others();
	return unit_done();
}
