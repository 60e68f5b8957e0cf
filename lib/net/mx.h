/* The hosts that take mail for a domain, in the order in which they are tried (RFC 5321, 5.1).
 * Pure: DNS answers in, a list out. */
#ifndef NET_MX_H
#define NET_MX_H

#include "net/idn.h"

enum { MX_MAX = 32 }; /* hosts kept; of more, those with the worst preference are dropped */

typedef struct mx_host {
	unsigned preference;
	uint32_t tie; /* random: the order among equals */
	char name[NET_NAME_ROOM];
} mx_host;

typedef struct mx_list {
	mx_host hosts[MX_MAX];
	size_t count;
	bool null_seen; /* a record with the root as its host */
	bool implicit;	/* no MX record: the domain itself */
} mx_list;

/* One record's data (RFC 1035, 3.3.9; the name uncompressed). False for malformed data and for
 * names that are no host names; the list is then as before. `tie` orders it among its equals. */
bool mx_add(mx_list *, span rdata, uint32_t tie);
void mx_add_implicit(mx_list *, const char *domain);
/* "." alone (RFC 7505, 3). Beside other records it means nothing and is ignored. */
bool mx_is_null(const mx_list *);
/* Best first; equals by `tie`. */
void mx_sort(mx_list *);
/* Of a sorted list: drops `me` and all that are not better than it (RFC 5321, 5.1). False where
 * nothing is left: a loop. */
bool mx_drop_own(mx_list *, span me);

#endif
