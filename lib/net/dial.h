/* Where to connect, and connecting with a deadline. */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "net/idn.h"
#include "net/ucspi.h"

enum { DIAL_ADDRS_MAX = 20 }; /* addresses tried for one host */

typedef struct dial_addr {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} sa;
	socklen_t size;
} dial_addr;

typedef struct dial_addrs {
	dial_addr a[DIAL_ADDRS_MAX];
	size_t count;
} dial_addrs;

/* A destination as people write it: HOST, HOST:PORT, [HOST], [HOST]:PORT, with HOST a domain name,
 * an IPv4 address, an IPv6 address (bare, or in brackets, there also as "IPv6:…", RFC 5321, 4.1.3).
 */
typedef struct dial_place {
	char host[NET_NAME_ROOM]; /* lower case, A-labels; an address in its usual form */
	uint16_t port;
	bool bracketed; /* this very host, no MX */
	bool literal;	/* host is an address; `addr` has it with the port */
	dial_addr addr;
} dial_place;

bool dial_parse(span text, uint16_t default_port, dial_place *);

/* From 4 or 16 octets, network order. */
bool dial_addr_make(span octets, uint16_t port, dial_addr *);
/* The address without port. */
void dial_addr_text(const dial_addr *, char to[static NET_ADDR_ROOM]);

/* A connected stream socket, blocking, O_CLOEXEC, TCP_NODELAY; -1 with errno (ETIMEDOUT at the
 * deadline of clock_ms(); 0: none). */
int dial(const dial_addr *, int64_t deadline);
/* The same for a Unix socket. */
int dial_path(span path, int64_t deadline);

/* The first of the addresses that answers: IPv6 and IPv4 in turn, one begun DIAL_STEP_MS after the other or as soon as
 * one has failed (RFC 8305), each given up after `each_ms`, at most `most` of them. *at is the one that answered, or
 * (-1 with errno) that failed last. What failed and what answered is taken off the list: it says what is left to
 * try where the one that answered proves useless. *tried is how many were begun. */
enum { DIAL_STEP_MS = 250 };
int dial_first(dial_addrs *, size_t most, int each_ms, dial_addr *at, unsigned *tried);

#endif
