#include "net/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "io/clock.h"

bool dial_addr_make(span octets, uint16_t port, dial_addr *a)
{
	*a = (dial_addr){.size = 0};
	if (octets.n == 4) {
		a->sa.v4.sin_family = AF_INET;
		a->sa.v4.sin_port = htons(port);
		memcpy(&a->sa.v4.sin_addr, octets.p, 4);
		a->size = sizeof a->sa.v4;
	} else if (octets.n == 16) {
		a->sa.v6.sin6_family = AF_INET6;
		a->sa.v6.sin6_port = htons(port);
		memcpy(&a->sa.v6.sin6_addr, octets.p, 16);
		a->size = sizeof a->sa.v6;
	}
	return a->size != 0;
}

void dial_addr_text(const dial_addr *a, char to[static NET_ADDR_ROOM])
{
	const void *octets = a->sa.any.sa_family == AF_INET ? (const void *)&a->sa.v4.sin_addr
							    : (const void *)&a->sa.v6.sin6_addr;
	if (!inet_ntop(a->sa.any.sa_family, octets, to, NET_ADDR_ROOM))
		to[0] = 0;
}

static bool parse_literal(span host, dial_place *p)
{
	char text[NET_ADDR_ROOM], octets[16];
	size_t n = 0;
	if (span_startsi(host, S("IPv6:")))
		host = span_sub(host, 5, host.n);
	if (host.n == 0 || host.n >= sizeof text || memchr(host.p, 0, host.n))
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = 0;
	if (inet_pton(AF_INET, text, octets) == 1)
		n = 4;
	else if (inet_pton(AF_INET6, text, octets) == 1)
		n = 16;
	if (!dial_addr_make(span_of(octets, n), p->port, &p->addr))
		return false;
	dial_addr_text(&p->addr, p->host);
	p->literal = true;
	return true;
}

static bool parse_port(span text, uint16_t *port)
{
	uint64_t v;
	if (!span_u64(text, 65535, &v) || v == 0)
		return false;
	*port = (uint16_t)v;
	return true;
}

/* "127.0.0.1." and "1.2.3": no address, and no name of the public tree either (RFC 3696, 2). */
static bool numeric(span name)
{
	uint64_t v;
	size_t dot = span_rfind(name, '.');
	return span_u64(dot < name.n ? span_sub(name, dot + 1, name.n) : name, UINT64_MAX, &v);
}

bool dial_parse(span text, uint16_t default_port, dial_place *p)
{
	span host = text, rest = S("");
	*p = (dial_place){.port = default_port};
	if (span_starts(text, S("["))) {
		size_t end = span_find(text, ']');
		if (end == text.n)
			return false;
		p->bracketed = true;
		host = span_sub(text, 1, end);
		rest = span_sub(text, end + 1, text.n);
	} else if (span_find(text, ':') == span_rfind(text, ':')) {
		/* more than one colon: an IPv6 address, which has no room for a port */
		host = span_sub(text, 0, span_find(text, ':'));
		rest = span_sub(text, host.n, text.n);
	}
	if (rest.n && (rest.p[0] != ':' || !parse_port(span_sub(rest, 1, rest.n), &p->port)))
		return false;
	return parse_literal(host, p) || (idn_to_ascii(host, p->host) && !numeric(span_str(p->host)));
}

static bool finish_connect(int fd, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int error = 0, n;
	socklen_t size = sizeof error;
	do
		n = poll(&p, 1, clock_left(deadline));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	if (n <= 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return false;
	errno = error;
	return error == 0;
}

int dial(const dial_addr *a, int64_t deadline)
{
	int yes = 1;
	int fd = socket(a->sa.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	bool ok = connect(fd, &a->sa.any, a->size) == 0;
	if (!ok && (errno == EINPROGRESS || errno == EINTR))
		ok = finish_connect(fd, deadline);
	if (ok && fcntl(fd, F_SETFL, 0) == 0) {
		/* the session writes whole groups of commands: waiting for more would only delay
		 * them */
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		return fd;
	}
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}
