#include "net/ucspi.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

/* An address as octets: IPv4 in 4, IPv6 in 16; v4-mapped IPv6 (::ffff:0:0/96) is taken as IPv4. */
typedef struct net_addr {
	unsigned char octets[16];
	unsigned bits; /* 32 or 128; 0: none */
	bool mapped;   /* was written as v4-mapped IPv6 */
} net_addr;

static net_addr from_v6(const struct in6_addr *in)
{
	net_addr a = {{0}, 128, false};
	if (IN6_IS_ADDR_V4MAPPED(in)) {
		memcpy(a.octets, in->s6_addr + 12, 4);
		a.bits = 32;
		a.mapped = true;
	} else {
		memcpy(a.octets, in->s6_addr, 16);
	}
	return a;
}

static net_addr parse_addr(span text)
{
	net_addr a = {{0}, 0, false};
	char s[NET_ADDR_ROOM];
	struct in6_addr v6;
	if (!text.n || text.n >= sizeof s || memchr(text.p, 0, text.n))
		return a;
	memcpy(s, text.p, text.n);
	s[text.n] = 0;
	if (inet_pton(AF_INET, s, a.octets) == 1)
		a.bits = 32;
	else if (inet_pton(AF_INET6, s, &v6) == 1)
		a = from_v6(&v6);
	return a;
}

static net_addr from_socket(const struct sockaddr *sa, uint16_t *port)
{
	net_addr a = {{0}, 0, false};
	*port = 0;
	if (sa && sa->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, sa, sizeof in);
		memcpy(a.octets, &in.sin_addr, 4);
		a.bits = 32;
		*port = ntohs(in.sin_port);
	} else if (sa && sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in;
		memcpy(&in, sa, sizeof in);
		a = from_v6(&in.sin6_addr);
		*port = ntohs(in.sin6_port);
	}
	return a;
}

static void write_addr(const net_addr *a, char to[static NET_ADDR_ROOM])
{
	int family = a->bits == 32 ? AF_INET : AF_INET6;
	if (!a->bits || !inet_ntop(family, a->octets, to, NET_ADDR_ROOM))
		to[0] = 0;
}

static bool is_loopback(const net_addr *a)
{
	static const unsigned char one[16] = {[15] = 1};
	return (a->bits == 32 && a->octets[0] == 127) ||
	       (a->bits == 128 && memcmp(a->octets, one, 16) == 0);
}

void peer_from_socket(peer *p, const struct sockaddr *remote, const struct sockaddr *local)
{
	memset(p, 0, sizeof *p);
	net_addr r = from_socket(remote, &p->remote_port);
	net_addr l = from_socket(local, &p->local_port);
	write_addr(&r, p->remote_ip);
	write_addr(&l, p->local_ip);
	bool network =
	    (remote && (remote->sa_family == AF_INET || remote->sa_family == AF_INET6)) ||
	    (local && (local->sa_family == AF_INET || local->sa_family == AF_INET6));
	p->loopback = !network || is_loopback(&r);
}

static uint16_t env_port(const char *name)
{
	uint64_t v;
	return span_u64(span_str(getenv(name)), 65535, &v) ? (uint16_t)v : 0;
}

/* A host name comes from somebody's DNS: only what a name may hold, else it is unknown. */
static void env_host(peer *p)
{
	span name = span_str(getenv("TCPREMOTEHOST"));
	if (name.n >= sizeof p->remote_host)
		return;
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_alnum((unsigned char)name.p[i]) && !memchr("-._", name.p[i], 3))
			return;
	memcpy(p->remote_host, name.p ? name.p : "", name.n);
}

void peer_from_env(peer *p, int fd)
{
	struct sockaddr_storage remote, local;
	socklen_t rlen = sizeof remote, llen = sizeof local;
	net_addr r = parse_addr(span_str(getenv("TCPREMOTEIP")));
	if (!r.bits) {
		/* An inet socket whose peer is gone (ENOTCONN) is still a network, never "local".
		 */
		bool has_r = getpeername(fd, (struct sockaddr *)&remote, &rlen) == 0;
		bool has_l = getsockname(fd, (struct sockaddr *)&local, &llen) == 0;
		peer_from_socket(p, has_r ? (struct sockaddr *)&remote : NULL,
				 has_l ? (struct sockaddr *)&local : NULL);
		return;
	}
	memset(p, 0, sizeof *p);
	net_addr l = parse_addr(span_str(getenv("TCPLOCALIP")));
	write_addr(&r, p->remote_ip);
	write_addr(&l, p->local_ip);
	p->remote_port = env_port("TCPREMOTEPORT");
	p->local_port = env_port("TCPLOCALPORT");
	p->loopback = is_loopback(&r);
	env_host(p);
}

static bool set(const char *name, const char *value)
{
	return (*value ? setenv(name, value, 1) : unsetenv(name)) == 0;
}

static bool set_port(const char *name, uint16_t port)
{
	char text[8];
	(void)snprintf(text, sizeof text, "%u", port);
	return set(name, text);
}

bool peer_to_env(const peer *p)
{
	return set("PROTO", "TCP") && set("TCPREMOTEIP", p->remote_ip) &&
	       set_port("TCPREMOTEPORT", p->remote_port) && set("TCPLOCALIP", p->local_ip) &&
	       set_port("TCPLOCALPORT", p->local_port) && set("TCPREMOTEHOST", p->remote_host);
}

static bool parse_net(span net, net_addr *base, uint64_t *prefix)
{
	span address = span_sub(net, 0, span_find(net, '/'));
	*base = parse_addr(address);
	*prefix = base->bits;
	if (!base->bits || address.n == net.n)
		return base->bits != 0;
	if (!span_u64(span_sub(net, address.n + 1, net.n), base->mapped ? 128 : base->bits, prefix))
		return false;
	if (base->mapped && *prefix < 96)
		return false; /* would hold more than IPv4: no sensible meaning */
	*prefix -= base->mapped ? 96 : 0;
	return true;
}

bool net_valid(span net)
{
	net_addr base;
	uint64_t prefix;
	return parse_net(net, &base, &prefix);
}

bool net_match(span net, const char *ip)
{
	net_addr base, a = parse_addr(span_str(ip));
	uint64_t prefix;
	if (!a.bits || !parse_net(net, &base, &prefix) || base.bits != a.bits)
		return false;
	size_t whole = (size_t)prefix / 8, rest = (size_t)prefix % 8;
	if (memcmp(base.octets, a.octets, whole) != 0)
		return false;
	unsigned mask = rest ? (0xff00u >> rest) & 0xff : 0;
	return !rest || ((base.octets[whole] ^ a.octets[whole]) & mask) == 0;
}
