#include "smtp/reach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "io/clock.h"
#include "io/log.h"
#include "net/nexthop.h"

enum { LMTP_PORT = 24 };

/* One next hop while it is tried. */
typedef struct reaching {
	relay *r;
	span dest; /* the whole list */
	const relay_mail *m;
	status *why;
} reaching;

/* Of several reasons a temporary one counts: as long as one host may still take it, nothing is final. */
static void note(status *why, const status *st)
{
	if (status_is_ok(why) || status_is_permanent(why) || !status_is_permanent(st))
		*why = *st;
}

static void note_connect(const reaching *x)
{
	status st = status_make(EX_TEMPFAIL, 0, "4.4.1", "%s[%s]: %s", x->r->host, x->r->ip,
				strerror(errno));
	note(x->why, &st);
}

static bool loopback(const dial_addr *a)
{
	if (a->sa.any.sa_family == AF_INET)
		return ntohl(a->sa.v4.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&a->sa.v6.sin6_addr);
}

static void log_plaintext(const relay *r, const status *st)
{
	log_line l;
	log_begin(&l, "plaintext");
	log_puts(&l, "host", r->host);
	log_puts(&l, "ip", r->ip);
	log_status(&l, st);
	log_end(&l);
}

static status begin(const reaching *x, int fd, bool private)
{
	relay *r = x->r;
	r->sessions++;
	r->client.private = private;
	r->client.tls_name = r->host;
	return client_start(&r->client, fd, span_str(r->me));
}

/* Where TLS may fail, plaintext has a connection of its own. */
static status again(const reaching *x, const dial_addr *at, bool private, status st)
{
	relay *r = x->r;
	int fd = dial(at, clock_ms() + r->times.connect);
	if (fd < 0)
		return st;
	log_plaintext(r, &st);
	r->client.level = SECURE_NONE;
	st = begin(x, fd, private);
	r->client.level = SECURE_MAY;
	return st;
}

/* On a connection that is made; `at` is NULL where it is no network. */
static void talk(const reaching *x, int fd, const dial_addr *at)
{
	relay *r = x->r;
	bool private = !at || loopback(at);
	status st = begin(x, fd, private);
	if (r->client.no_tls && r->client.level == SECURE_MAY && at)
		st = again(x, at, private, st);
	if (!status_is_ok(&st)) {
		note(x->why, &st);
		return;
	}
	r->spoke = true;
	relay_session(r, x->dest, x->m);
	if (client_up(&r->client))
		(void)snprintf(r->dest, sizeof r->dest, "%.*s", SPAN_FMT(x->dest));
}

/* Enough was tried for now. */
static bool weary(const relay *r)
{
	return r->tried >= DIAL_ADDRS_MAX || r->sessions >= RELAY_SESSIONS || r->mute >= RELAY_MUTE;
}

static void try_addresses(const reaching *x, dial_addrs *addrs)
{
	relay *r = x->r;
	while (addrs->count && relay_pending(x->m) && !weary(r)) {
		dial_addr at;
		unsigned begun;
		int fd =
		    dial_first(addrs, DIAL_ADDRS_MAX - r->tried, r->times.connect, &at, &begun);
		r->tried += begun;
		int error = errno;
		dial_addr_text(&at, r->ip);
		errno = error;
		if (fd < 0)
			note_connect(x);
		else
			talk(x, fd, &at);
	}
}

static void try_path(const reaching *x, span path)
{
	relay *r = x->r;
	(void)snprintf(r->host, sizeof r->host, "%.*s", SPAN_FMT(path));
	(void)snprintf(r->ip, sizeof r->ip, "unix");
	int fd = dial_path(path, clock_ms() + r->times.connect);
	r->client.level = SECURE_NONE;
	if (fd < 0)
		note_connect(x);
	else
		talk(x, fd, NULL);
}

static bool need_dns(const reaching *x)
{
	relay *r = x->r;
	status st = status_ok();
	if (!r->dns)
		r->dns = dns_open(&st);
	if (!r->dns) {
		log_config_error("control/resolver", 0, st.text);
		note(x->why, &st);
	}
	return r->dns != NULL;
}

static void try_host(const reaching *x, const char *host, uint16_t port)
{
	relay *r = x->r;
	dial_addrs addrs;
	if (!need_dns(x))
		return;
	(void)snprintf(r->host, sizeof r->host, "%s", host);
	r->ip[0] = 0;
	status st = dns_addrs(r->dns, host, port, clock_ms() + r->times.lookup, &addrs);
	if (!status_is_ok(&st)) {
		r->mute += !status_is_permanent(&st);
		note(x->why, &st);
		return;
	}
	try_addresses(x, &addrs);
}

static void try_mx(const reaching *x, const dial_place *place)
{
	relay *r = x->r;
	mx_list list;
	if (!need_dns(x))
		return;
	status st =
	    dns_mx(r->dns, place->host, span_str(r->me), clock_ms() + r->times.lookup, &list);
	if (!status_is_ok(&st)) {
		note(x->why, &st);
		return;
	}
	for (size_t i = 0; i < list.count && relay_pending(x->m) && !weary(r); i++)
		try_host(x, list.hosts[i].name, place->port);
}

/* Without the user, which is no part of a place. */
static bool parse_place(const relay *r, const nexthop *h, dial_place *to)
{
	char text[NET_NAME_ROOM + 16];
	if (!h->user.n)
		return dial_parse(h->place, h->lmtp ? LMTP_PORT : r->port, to);
	int n = snprintf(text, sizeof text, "[%.*s]%s%.*s", SPAN_FMT(h->host), h->port.n ? ":" : "",
			 SPAN_FMT(h->port));
	return (size_t)n < sizeof text && dial_parse(span_str(text), r->port, to);
}

static void try_place(const reaching *x, const dial_place *place, bool named)
{
	relay *r = x->r;
	dial_addrs one = {.count = 1};
	r->client.level = secure_level_for(&r->rules, span_str(place->host));
	if (place->literal) {
		(void)snprintf(r->host, sizeof r->host, "%s", place->host);
		one.a[0] = place->addr;
		try_addresses(x, &one);
	} else if (named) {
		try_host(x, place->host, place->port);
	} else {
		try_mx(x, place);
	}
}

static void connect_to(const reaching *x, const nexthop *h, bool named)
{
	dial_place place;
	if (h->path) {
		try_path(x, h->place);
	} else if (!h->place.n || !parse_place(x->r, h, &place)) {
		status st =
		    status_make(EX_NOHOST, 550, "5.1.2", "no destination: %.*s", SPAN_FMT(x->dest));
		note(x->why, &st);
	} else {
		try_place(x, &place, named);
	}
}

/* A host that the operator named (a route, -c) and that does not exist is a mistake of the operator's:
 * it defers. A domain of an address that cannot exist is the sender's: it fails. */
static status as_named(status st)
{
	if (!status_is_permanent(&st))
		return st;
	st.code = EX_TEMPFAIL;
	if (st.enhanced[0] == '5')
		st.enhanced[0] = '4';
	return st;
}

static void try_hop(relay *r, span dest, const nexthop *h, const relay_mail *m, status *why)
{
	status here = status_ok();
	bool named = r->host_only || h->named || span_starts(h->place, S("["));
	r->tried = r->sessions = r->mute = 0;
	r->ip[0] = 0;
	r->client.login_user = h->user;
	r->client.login_host = h->host;
	r->client.lmtp = h->lmtp;
	connect_to(&(const reaching){r, dest, m, &here}, h, named);
	if (named || m->routed)
		here = as_named(here);
	if (!status_is_ok(&here))
		note(why, &here);
}

void relay_reach(relay *r, span dest, const relay_mail *m, status *why)
{
	nexthop h;
	span rest = dest;
	size_t n = 0;
	r->spoke = false;
	if (!rest.n)
		*why = status_make(EX_NOHOST, 550, "5.1.2", "no destination");
	for (; n < NEXTHOP_MAX && relay_pending(m) && nexthop_next(&rest, &h); n++)
		try_hop(r, dest, &h, m, why);
}
