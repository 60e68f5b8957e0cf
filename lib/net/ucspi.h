/* What a server knows of its peer: the UCSPI environment (PROTO, TCPREMOTEIP …), or the addresses
 * of the socket itself where that is not set (inetd, systemd). */
#ifndef NET_UCSPI_H
#define NET_UCSPI_H

#include <sys/socket.h>

#include "base/span.h"

enum { NET_ADDR_ROOM = 46 + 1 }; /* INET6_ADDRSTRLEN and a NUL */

typedef struct peer {
	char remote_ip[NET_ADDR_ROOM]; /* v4-mapped v6 as v4; "" where it is no network (a pipe, a
					  file) */
	char local_ip[NET_ADDR_ROOM];
	char remote_host[256]; /* "" unknown */
	uint16_t remote_port, local_port;
	bool loopback; /* 127.0.0.0/8, ::1, or no network at all */
} peer;

void peer_from_env(peer *, int fd); /* environment first, then getpeername(fd) */
void peer_from_socket(peer *, const struct sockaddr *remote, const struct sockaddr *local);
/* Sets PROTO, TCPREMOTEIP, TCPREMOTEPORT, TCPLOCALIP, TCPLOCALPORT (and TCPREMOTEHOST where known,
 * else it is unset) for a child. false with errno where there is no memory. */
bool peer_to_env(const peer *);

/* "192.0.2.0/24", "2001:db8::/32", or an address: whether ip is inside. false for malformed nets.
 */
bool net_match(span net, const char *ip);
bool net_valid(span net);

#endif
