/* Questions to DNS with a deadline, through the system's resolver (/etc/resolv.conf, /etc/hosts) or
 * the addresses in control/resolver. The one user of libunbound; its cache lives as long as the
 * dns. */
#ifndef NET_DNS_H
#define NET_DNS_H

#include "base/status.h"
#include "base/str.h"
#include "net/dial.h"
#include "net/mx.h"

typedef struct dns dns;

/* NULL where the resolver cannot be set up: *why is temporary and names the file. */
dns *dns_open(status *why);
void dns_close(dns *);

/* The hosts for mail to `domain` (A-labels), sorted, without `me` and what is not better than it.
 * Without MX records the domain itself (RFC 5321, 5.1). EX_OK, or 556 5.1.10  null MX (RFC 7505)
 * permanent 550 5.1.2   no such domain               permanent 554 5.4.6   only this host is left
 * permanent 451 4.4.3   no answer, or a useless one  temporary */
status dns_mx(dns *, const char *domain, span me, int64_t deadline, mx_list *);

/* The addresses of a host with that port: AAAA and A, asked for at the same time, IPv6 first; at
 * most DIAL_ADDRS_MAX of them. EX_OK with at least one, or 550 5.4.4 (surely none: permanent), or
 * 451 4.4.3. */
status dns_addrs(dns *, const char *host, uint16_t port, int64_t deadline, dial_addrs *);

/* What people ask: the records A, AAAA, PTR, TXT or MX of a name as text, one a line. Octets that are not
 * printable become '?'. EX_OK (with no line where there is no such record, or no such name), 64 for another type, or
 * 451 4.4.3. */
status dns_lines(dns *, const char *name, span type, int64_t deadline, str *to);

#endif
