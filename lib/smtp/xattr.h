/* The arguments of XCLIENT and XFORWARD (Postfix's extensions): attributes of a client that somebody in front of us, a filter
 * or a proxy, knows. Pure. */
#ifndef SMTP_XATTR_H
#define SMTP_XATTR_H

#include "base/arena.h"

enum xattr_name {
	XATTR_NAME,
	XATTR_ADDR,
	XATTR_PORT,
	XATTR_PROTO,
	XATTR_HELO,
	XATTR_IDENT,
	XATTR_SOURCE,
	XATTRS
};

/* What is offered in EHLO. */
#define XCLIENT_OFFER "XCLIENT NAME ADDR PORT PROTO HELO"
#define XFORWARD_OFFER "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"

typedef struct xattrs {
	span value
	    [XATTRS]; /* decoded, in the arena; ADDR without "IPV6:". "" where unknown, or not given */
	bool given[XATTRS];
} xattrs;

/* "NAME=… ADDR=…", xtext. [UNAVAILABLE] and [TEMPUNAVAIL] are "". false: no such attribute, one of them twice, a value that
 * no attribute has (a control octet, an address or a number that is none), or nothing at all. `client`: of XCLIENT, which has
 * no IDENT and no SOURCE. */
bool xattrs_parse(span args, bool client, arena *, xattrs *);

#endif
