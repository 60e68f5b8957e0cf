/* links: net io base */
#include "net/ucspi.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "tests/unit/unit.h"

static void nets(void)
{
	static const struct {
		const char *net, *ip;
		bool valid, match;
	} cases[] = {
	    {"127.0.0.0/8", "127.1.2.3", true, true},
	    {"127.0.0.0/8", "128.0.0.1", true, false},
	    {"192.0.2.0/24", "192.0.2.255", true, true},
	    {"192.0.2.0/24", "192.0.3.0", true, false},
	    {"192.0.2.128/25", "192.0.2.127", true, false},
	    {"192.0.2.128/25", "192.0.2.128", true, true},
	    {"192.0.2.4/30", "192.0.2.7", true, true},
	    {"192.0.2.4/30", "192.0.2.8", true, false},
	    {"192.0.2.1", "192.0.2.1", true, true},
	    {"192.0.2.1", "192.0.2.2", true, false},
	    {"0.0.0.0/0", "203.0.113.9", true, true},
	    {"0.0.0.0/0", "2001:db8::1", true, false},
	    {"2001:db8::/32", "2001:db8:ffff::1", true, true},
	    {"2001:db8::/32", "2001:db9::1", true, false},
	    {"2001:db8:8000::/33", "2001:db8:7fff::", true, false},
	    {"::1", "::1", true, true},
	    {"::/0", "::1", true, true},
	    {"::/0", "127.0.0.1", true, false},
	    {"127.0.0.0/8", "::ffff:127.0.0.1", true, true},
	    {"::ffff:192.0.2.0/120", "192.0.2.77", true, true},
	    {"::ffff:192.0.2.0/120", "192.0.3.77", true, false},
	    {"::ffff:192.0.2.0/64", "192.0.2.77", false, false},
	    {"192.0.2.0/33", "192.0.2.0", false, false},
	    {"192.0.2.0/", "192.0.2.0", false, false},
	    {"192.0.2.0/ 8", "192.0.2.0", false, false},
	    {"192.0.2/24", "192.0.2.0", false, false},
	    {"192.0.2.0/24/24", "192.0.2.0", false, false},
	    {"2001:db8::/129", "2001:db8::", false, false},
	    {"", "192.0.2.0", false, false},
	    {"/8", "192.0.2.0", false, false},
	    {"localhost", "127.0.0.1", false, false},
	    {"127.0.0.0/8", "", true, false},
	    {"127.0.0.0/8", "127.0.0.1 ", true, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span net = unit_copy(span_str(cases[i].net));
		CHECK(net_valid(net) == cases[i].valid, "valid \"%s\"", cases[i].net);
		CHECK(net_match(net, cases[i].ip) == cases[i].match, "\"%s\" in \"%s\"",
		      cases[i].ip, cases[i].net);
		free((char *)(uintptr_t)net.p);
	}
	CHECK(!net_valid(span_of("127.0.0.1\0/8", 12)), "a NUL is no address");
}

static void sockets(void)
{
	struct sockaddr_in6 r = {.sin6_family = AF_INET6, .sin6_port = htons(4711)};
	struct sockaddr_in l = {.sin_family = AF_INET, .sin_port = htons(25)};
	peer p;
	inet_pton(AF_INET6, "::ffff:192.0.2.9", &r.sin6_addr);
	inet_pton(AF_INET, "192.0.2.1", &l.sin_addr);
	peer_from_socket(&p, (struct sockaddr *)&r, (struct sockaddr *)&l);
	CHECK(strcmp(p.remote_ip, "192.0.2.9") == 0 && p.remote_port == 4711, "v4-mapped is v4");
	CHECK(strcmp(p.local_ip, "192.0.2.1") == 0 && p.local_port == 25, "local side");
	CHECK(!p.loopback, "not loopback");
	inet_pton(AF_INET6, "::1", &r.sin6_addr);
	peer_from_socket(&p, (struct sockaddr *)&r, NULL);
	CHECK(p.loopback, "::1 is loopback");
	inet_pton(AF_INET6, "::ffff:127.9.9.9", &r.sin6_addr);
	peer_from_socket(&p, (struct sockaddr *)&r, NULL);
	CHECK(p.loopback, "mapped 127/8 is loopback");
	peer_from_socket(&p, NULL, (struct sockaddr *)&l);
	CHECK(!p.loopback && !p.remote_ip[0], "a socket whose peer is gone is not local");
}

static void environment(void)
{
	int pipefd[2];
	peer p, q;
	CHECK(pipe(pipefd) == 0, "pipe");
	unsetenv("TCPREMOTEIP");
	peer_from_env(&p, pipefd[0]);
	CHECK(p.loopback && !p.remote_ip[0], "a pipe is no network");
	setenv("TCPREMOTEIP", "::ffff:203.0.113.5", 1);
	setenv("TCPREMOTEPORT", "65535", 1);
	setenv("TCPLOCALIP", "2001:DB8:0::1", 1);
	setenv("TCPLOCALPORT", "65536", 1);
	setenv("TCPREMOTEHOST", "mx.example.test", 1);
	peer_from_env(&p, pipefd[0]);
	CHECK(strcmp(p.remote_ip, "203.0.113.5") == 0 && !p.loopback, "the environment first");
	CHECK(strcmp(p.local_ip, "2001:db8::1") == 0, "addresses in their canonical form");
	CHECK(p.remote_port == 65535 && p.local_port == 0, "ports");
	CHECK(strcmp(p.remote_host, "mx.example.test") == 0, "host");
	setenv("TCPREMOTEHOST", "evil\r\nX: y", 1);
	peer_from_env(&q, pipefd[0]);
	CHECK(!q.remote_host[0], "a host name with other octets is unknown");
	peer_to_env(&p);
	CHECK(strcmp(getenv("PROTO"), "TCP") == 0, "PROTO");
	peer_from_env(&q, pipefd[0]);
	CHECK(memcmp(&p, &q, sizeof p) == 0, "there and back");
	setenv("TCPREMOTEIP", "nonsense", 1);
	peer_from_env(&p, pipefd[0]);
	CHECK(!p.remote_ip[0], "a malformed address is not believed");
}

int main(void)
{
	nets();
	sockets();
	environment();
	return unit_done();
}
