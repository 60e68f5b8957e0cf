/* Listening sockets. A numeric port, 0 for any free one; IPv4 and IPv6. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "net/ucspi.h"

/* A bound and listening TCP socket, O_CLOEXEC, TCP_NODELAY (which accepted sockets inherit). `host`
 * is an address, "localhost" or another name of this machine, or "0" for every address of both
 * families. -1 with errno (EADDRINUSE: busy; EADDRNOTAVAIL: no address of this machine; EINVAL: no
 * port number). */
int listen_tcp(const char *host, const char *port);

/* What a socket is bound to. False with errno where it is no inet socket. */
bool listen_bound(int fd, char ip[static NET_ADDR_ROOM], uint16_t *port);

/* Whether fd is a listening stream socket (inetd's wait, systemd's Accept=no). */
bool listen_is(int fd);

/* Whether fd is the very socket that descriptor 0 is: under inetd fds 1 and 2 are the client's too. Another socket, as
 * systemd's journal on fd 2, is not. */
bool listen_is_input(int fd);

#endif
