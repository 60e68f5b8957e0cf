/* The PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt): a load balancer in front
 * says whose connection this is. Believed only from networks that the operator named. A pure
 * parser. */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include "net/ucspi.h"

/* The longest header that is taken: version 1 has at most 107 octets; a version 2 header with more
 * (TLVs) than this is refused. */
enum { PROXY_MAX = 536 };

enum proxy_result {
	PROXY_OK,   /* *used octets belong to the header; *p was replaced, or kept for LOCAL and
		       UNKNOWN */
	PROXY_MORE, /* a header so far; more octets are needed */
	PROXY_BAD,
};

enum proxy_result proxy_parse(span octets, peer *p, size_t *used);

#endif
