#include "net/listen.h"

#include <sys/stat.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

static int on_socket(const struct sockaddr *sa, socklen_t n)
{
	int one = 1, off = 0;
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (sa->sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(fd, sa, n) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	int error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

static int on_address(const char *ip, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	if (inet_pton(AF_INET, ip, &v4.sin_addr) == 1)
		return on_socket((struct sockaddr *)&v4, sizeof v4);
	if (inet_pton(AF_INET6, ip, &v6.sin6_addr) == 1)
		return on_socket((struct sockaddr *)&v6, sizeof v6);
	errno = EADDRNOTAVAIL;
	return -1;
}

int listen_tcp(const char *host, const char *port)
{
	uint64_t number;
	if (!span_u64(span_str(port), 65535, &number)) {
		errno = EINVAL;
		return -1;
	}
	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (strcmp(host, "0") != 0)
		return on_address(host, (uint16_t)number);
	/* Dual stack; a kernel without IPv6 has only the other. */
	int fd = on_address("::", (uint16_t)number);
	return fd >= 0 || errno == EADDRINUSE || errno == EACCES
		   ? fd
		   : on_address("0.0.0.0", (uint16_t)number);
}

bool listen_bound(int fd, char ip[static NET_ADDR_ROOM], uint16_t *port)
{
	struct sockaddr_storage local;
	socklen_t n = sizeof local;
	peer p;
	if (getsockname(fd, (struct sockaddr *)&local, &n) < 0)
		return false;
	if (local.ss_family != AF_INET && local.ss_family != AF_INET6) {
		errno = EAFNOSUPPORT;
		return false;
	}
	peer_from_socket(&p, NULL, (struct sockaddr *)&local);
	memcpy(ip, p.local_ip, sizeof p.local_ip);
	*port = p.local_port;
	return true;
}

bool listen_is(int fd)
{
	int on = 0;
	socklen_t n = sizeof on;
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 && on;
}

bool listen_is_input(int fd)
{
	struct stat a, b;
	return fstat(fd, &a) == 0 && fstat(0, &b) == 0 && S_ISSOCK(a.st_mode) &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}
