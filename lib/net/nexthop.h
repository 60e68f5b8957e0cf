/* Next hops as routes and smtp-send name them: a list, in the order in which they are tried, parted by commas. Pure.
 *
 *     [lmtp:] DOMAIN | DOMAIN:PORT       the mail hosts of a domain
 *     [lmtp:] [HOST] | [HOST]:PORT       this host; [USER@HOST] logs in as USER (control/smtp-logins)
 *     [lmtp:] /PATH                      a Unix socket
 *
 * What stands between brackets, and whether a host is a name or an address, is dial.h's. */
#ifndef NET_NEXTHOP_H
#define NET_NEXTHOP_H

#include "base/span.h"

enum { NEXTHOP_MAX = 8 }; /* of one list */

typedef struct nexthop {
	bool lmtp;  /* RFC 2033 */
	bool path;  /* `place` is the path of a Unix socket */
	bool named; /* a host that the operator named: no MX */
	span user;  /* "" without */
	span host;  /* without brackets, user and port; "" for a path */
	span port;  /* digits, "" without */
	span place; /* as written, without "lmtp:" */
} nexthop;

/* Cuts the next one off the list; false at its end. What is malformed has an empty `place`. */
bool nexthop_next(span *list, nexthop *);
/* NULL, or what is wrong with the list as a route. There a domain has no port: who names one means a host, and forgot the
 * brackets. */
const char *nexthop_check(span list);

#endif
