#include "net/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/un.h>
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
	return parse_literal(host, p) ||
	       (idn_to_ascii(host, p->host) && !numeric(span_str(p->host)));
}

static bool socket_error(int fd)
{
	int error = 0;
	socklen_t size = sizeof error;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0)
		errno = error;
	return errno == 0;
}

static bool finish_connect(int fd, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int n;
	do
		n = poll(&p, 1, clock_left(deadline));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	return n > 0 && socket_error(fd);
}

/* A socket whose connecting has begun; -1 with errno. */
static int begin(const struct sockaddr *sa, socklen_t size)
{
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, sa, size) == 0 || errno == EINPROGRESS || errno == EINTR)
		return fd;
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}

static int give(int fd, bool ok)
{
	int yes = 1;
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

int dial(const dial_addr *a, int64_t deadline)
{
	int fd = begin(&a->sa.any, a->size);
	return fd < 0 ? -1 : give(fd, finish_connect(fd, deadline));
}

int dial_path(span path, int64_t deadline)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	if (path.n >= sizeof to.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(to.sun_path, path.p, path.n);
	int fd = begin((const struct sockaddr *)&to, sizeof to);
	return fd < 0 ? -1 : give(fd, finish_connect(fd, deadline));
}

/* One after the other of the two families, IPv6 first, each in its own order. */
static void interleave(dial_addrs *addrs)
{
	dial_addrs from = *addrs;
	size_t at[2] = {0, 0};
	for (size_t i = 0; i < from.count; i++) {
		size_t turn = i % 2;
		for (int k = 0; k < 2; k++, turn = 1 - turn) {
			sa_family_t family = turn == 0 ? AF_INET6 : AF_INET;
			while (at[turn] < from.count && from.a[at[turn]].sa.any.sa_family != family)
				at[turn]++;
			if (at[turn] < from.count)
				break;
		}
		addrs->a[i] = from.a[at[turn]++];
	}
}

typedef struct race {
	dial_addrs *addrs;
	struct pollfd fds[DIAL_ADDRS_MAX]; /* fds[i]: of addrs->a[i]; -1 none (any more) */
	int64_t deadlines[DIAL_ADDRS_MAX];
	bool failed[DIAL_ADDRS_MAX];
	size_t begun, running, most;
	int64_t next_at; /* when another one is begun */
	int each_ms;
	int error;
	size_t last; /* that failed */
} race;

static void fail(race *r, size_t i, int error)
{
	if (r->fds[i].fd >= 0) {
		(void)close(r->fds[i].fd);
		r->running--;
	}
	r->fds[i].fd = -1;
	r->failed[i] = true;
	r->error = error;
	r->last = i;
	r->next_at = 1; /* long ago */
}

static void begin_next(race *r)
{
	size_t i = r->begun++;
	const dial_addr *a = &r->addrs->a[i];
	int64_t now = clock_ms();
	r->fds[i] = (struct pollfd){.fd = begin(&a->sa.any, a->size), .events = POLLOUT};
	r->deadlines[i] = now + r->each_ms;
	r->next_at = now + DIAL_STEP_MS;
	if (r->fds[i].fd < 0)
		fail(r, i, errno);
	else
		r->running++;
}

static int wait_ms(const race *r)
{
	int64_t until = r->begun < r->most ? r->next_at : INT64_MAX;
	for (size_t i = 0; i < r->begun; i++)
		if (r->fds[i].fd >= 0 && r->deadlines[i] < until)
			until = r->deadlines[i];
	return clock_left(until);
}

/* The index of one that is connected; -1: none yet. */
static int round_of(race *r)
{
	int n = poll(r->fds, r->begun, wait_ms(r));
	for (size_t i = 0; i < r->begun; i++) {
		if (r->fds[i].fd < 0)
			continue;
		if (n > 0 && r->fds[i].revents) {
			if (socket_error(r->fds[i].fd))
				return (int)i;
			fail(r, i, errno);
		} else if (clock_left(r->deadlines[i]) == 0) {
			fail(r, i, ETIMEDOUT);
		}
	}
	return -1;
}

static void strike(race *r, int winner)
{
	size_t n = 0;
	for (size_t i = 0; i < r->addrs->count; i++) {
		if (i < r->begun && r->fds[i].fd >= 0 && (int)i != winner)
			(void)close(r->fds[i].fd);
		if ((int)i != winner && !r->failed[i])
			r->addrs->a[n++] = r->addrs->a[i];
	}
	r->addrs->count = n;
}

int dial_first(dial_addrs *addrs, size_t most, int each_ms, dial_addr *at, unsigned *tried)
{
	race r = {.addrs = addrs, .each_ms = each_ms, .error = EDESTADDRREQ};
	int winner = -1, fd = -1;
	interleave(addrs);
	r.most = most < addrs->count ? most : addrs->count;
	while (winner < 0 && (r.running || r.begun < r.most)) {
		if (r.begun < r.most && (!r.running || clock_left(r.next_at) == 0))
			begin_next(&r);
		if (r.running)
			winner = round_of(&r);
	}
	if (addrs->count)
		*at = addrs->a[winner < 0 ? r.last : (size_t)winner];
	if (winner >= 0)
		fd = r.fds[winner].fd;
	*tried = (unsigned)r.begun;
	strike(&r, winner);
	errno = r.error;
	return winner < 0 ? -1 : give(fd, true);
}
