#include "net/dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unbound.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/control.h"

enum { TYPE_A = 1, TYPE_MX = 15, TYPE_AAAA = 28, CLASS_IN = 1 };

struct dns {
	struct ub_ctx *ctx;
};

/* What the resolver of a mail host needs: the operator's server may be on loopback, `.test` and
 * private zones are its business, and a server that was down is asked again soon. No validation
 * yet, so no validator. */
static const char *const options[][2] = {
    {"module-config:", "iterator"}, {"do-not-query-localhost:", "no"},
    {"unblock-lan-zones:", "yes"},  {"infra-host-ttl:", "30"},
    {"minimal-responses:", "yes"},
};

static status use_control(struct ub_ctx *ctx, const span *servers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char text[NET_NAME_ROOM + 16];
		dial_place place;
		uint64_t port = 53;
		span rest = servers[i], address = span_cut(&rest, '@');
		bool ok = dial_parse(address, 53, &place) && place.literal &&
			  (address.n == servers[i].n || span_u64(rest, 65535, &port));
		(void)snprintf(text, sizeof text, "%s@%u", place.host, (unsigned)port);
		if (!ok || ub_ctx_set_fwd(ctx, text) != 0)
			return status_make(EX_TEMPFAIL, 451, "4.3.5",
					   "control/resolver: \"%.*s\" is no ADDRESS[@PORT]",
					   SPAN_FMT(servers[i]));
	}
	return status_ok();
}

static status use_system(struct ub_ctx *ctx)
{
	/* no resolv.conf means a server on this host (resolv.conf(5)) */
	if (ub_ctx_resolvconf(ctx, NULL) != 0 && ub_ctx_set_fwd(ctx, "127.0.0.1") != 0)
		return status_doubt("the resolver cannot be set up");
	(void)ub_ctx_hosts(ctx, NULL);
	return status_ok();
}

static status configure(struct ub_ctx *ctx)
{
	status st = status_ok();
	span *servers;
	size_t count;
	arena mem = arena_new(1 << 16);
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (ub_ctx_set_option(ctx, options[i][0], options[i][1]) != 0)
			st = status_doubt("libunbound does not know the option %s", options[i][0]);
	(void)ub_ctx_debuglevel(ctx, 0);
	/* threads, not a process: nothing to reap, and it ends with us */
	if (ub_ctx_async(ctx, 1) != 0)
		st = status_doubt("libunbound has no threads");
	switch (control_list("resolver", &mem, &servers, &count)) {
	case CONTROL_OK:
		if (status_is_ok(&st))
			st = count ? use_control(ctx, servers, count) : use_system(ctx);
		break;
	case CONTROL_ABSENT:
		if (status_is_ok(&st))
			st = use_system(ctx);
		break;
	case CONTROL_ERROR:
		st =
		    status_make(EX_TEMPFAIL, 451, "4.3.5", "control/resolver: %s", strerror(errno));
	}
	arena_free(&mem);
	/* last: it seals the configuration */
	if (status_is_ok(&st) && ub_ctx_zone_remove(ctx, "test.") != 0)
		st = status_doubt("libunbound takes no change of its zones");
	return st;
}

dns *dns_open(status *why)
{
	struct ub_ctx *ctx = ub_ctx_create();
	*why = ctx ? configure(ctx) : status_doubt("libunbound cannot start");
	if (!status_is_ok(why)) {
		if (ctx)
			ub_ctx_delete(ctx);
		return NULL;
	}
	dns *d = xcalloc(1, sizeof *d);
	d->ctx = ctx;
	return d;
}

void dns_close(dns *d)
{
	if (d)
		ub_ctx_delete(d->ctx);
	free(d);
}

typedef struct question {
	int type;
	int id;
	bool done;
	int error;
	struct ub_result *result;
} question;

static void answered(void *arg, int error, struct ub_result *result)
{
	question *q = arg;
	q->done = true;
	q->error = error;
	q->result = result;
}

static bool all_done(const question *q, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!q[i].done)
			return false;
	return true;
}

/* Asks all at once and waits for all; what has no answer at the deadline is cancelled. */
static void ask(dns *d, const char *name, question *q, size_t n, int64_t deadline)
{
	struct pollfd p = {.fd = ub_fd(d->ctx), .events = POLLIN};
	for (size_t i = 0; i < n; i++) {
		q[i].error =
		    ub_resolve_async(d->ctx, name, q[i].type, CLASS_IN, &q[i], answered, &q[i].id);
		q[i].done = q[i].error != 0;
	}
	while (!all_done(q, n) && clock_left(deadline) != 0)
		if (poll(&p, 1, clock_left(deadline)) > 0 && ub_process(d->ctx) != 0)
			break;
	for (size_t i = 0; i < n; i++)
		if (!q[i].done) {
			(void)ub_cancel(d->ctx, q[i].id);
			q[i].error = UB_SERVFAIL;
		}
}

static void forget(question *q, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (q[i].result)
			ub_resolve_free(q[i].result);
}

enum answer { DATA, NO_DATA, NO_NAME, TROUBLE };

static enum answer judge(const question *q)
{
	if (q->error != 0 || !q->result || q->result->bogus)
		return TROUBLE;
	if (q->result->nxdomain)
		return NO_NAME;
	if (q->result->rcode != 0)
		return TROUBLE;
	return q->result->havedata ? DATA : NO_DATA;
}

static status trouble(const char *name)
{
	return status_make(EX_TEMPFAIL, 451, "4.4.3", "DNS gives no answer about %s", name);
}

static void take_mx(const struct ub_result *r, mx_list *list)
{
	for (size_t i = 0; r->data[i]; i++) {
		uint32_t tie = 0;
		(void)!getrandom(&tie, sizeof tie, GRND_NONBLOCK);
		(void)mx_add(list, span_of(r->data[i], (size_t)r->len[i]), tie);
	}
	mx_sort(list);
}

status dns_mx(dns *d, const char *domain, span me, int64_t deadline, mx_list *list)
{
	question q = {.type = TYPE_MX};
	memset(list, 0, sizeof *list);
	ask(d, domain, &q, 1, deadline);
	enum answer a = judge(&q);
	if (a == DATA)
		take_mx(q.result, list);
	forget(&q, 1);
	if (a == TROUBLE)
		return trouble(domain);
	if (a == NO_NAME)
		return status_make(EX_NOHOST, 550, "5.1.2", "no such domain: %s", domain);
	if (mx_is_null(list))
		return status_make(EX_NOHOST, 556, "5.1.10", "%s accepts no mail (null MX)",
				   domain);
	if (a == DATA && list->count == 0)
		return trouble(domain); /* records that cannot be read */
	if (a == NO_DATA)
		mx_add_implicit(list, domain);
	if (!mx_drop_own(list, me))
		return status_make(EX_UNAVAILABLE, 554, "5.4.6",
				   "mail for %s comes back to this host", domain);
	return status_ok();
}

/* An implicit or own address of any kind is the operator's business; what is no unicast address is
 * never a mail host: a name with such an address counts as one without. */
static bool usable(span octets)
{
	if (octets.n == 4)
		return octets.p[0] != 0 && (unsigned char)octets.p[0] < 224;
	return octets.n == 16 && (unsigned char)octets.p[0] != 0xff &&
	       memcmp(octets.p, &(const struct in6_addr)IN6ADDR_ANY_INIT, 16) != 0;
}

static void take_addrs(const struct ub_result *r, uint16_t port, size_t most, dial_addrs *addrs)
{
	for (size_t i = 0; r->data[i] && addrs->count < most; i++) {
		span octets = {r->data[i], (size_t)r->len[i]};
		if (usable(octets) && dial_addr_make(octets, port, &addrs->a[addrs->count]))
			addrs->count++;
	}
}

status dns_addrs(dns *d, const char *host, uint16_t port, int64_t deadline, dial_addrs *addrs)
{
	question q[2] = {{.type = TYPE_AAAA}, {.type = TYPE_A}};
	bool doubt = false;
	addrs->count = 0;
	ask(d, host, q, 2, deadline);
	for (size_t i = 0; i < 2; i++) {
		enum answer a = judge(&q[i]);
		/* half of the room for IPv6, so that IPv4 has its chance */
		if (a == DATA)
			take_addrs(q[i].result, port, i ? DIAL_ADDRS_MAX : DIAL_ADDRS_MAX / 2,
				   addrs);
		doubt = doubt || a == TROUBLE;
	}
	forget(q, 2);
	if (addrs->count)
		return status_ok();
	if (doubt)
		return trouble(host);
	return status_make(EX_NOHOST, 550, "5.4.4", "%s has no address", host);
}

enum { TYPE_PTR = 12, TYPE_TXT = 16 };

static const struct {
	char name[8];
	int type;
} types[] = {
    {"A", TYPE_A}, {"AAAA", TYPE_AAAA}, {"PTR", TYPE_PTR}, {"TXT", TYPE_TXT}, {"MX", TYPE_MX}};

static void put_text(span s, str *to)
{
	for (size_t i = 0; i < s.n; i++)
		(void)str_putc(to, s.p[i] >= ' ' && s.p[i] < 0x7f ? s.p[i] : '?');
}

/* A name in wire form, without compression: libunbound gives it so. */
static void put_name(span wire, str *to)
{
	while (wire.n && wire.p[0]) {
		size_t n = (unsigned char)wire.p[0];
		put_text(span_sub(wire, 1, n + 1), to);
		wire = span_sub(wire, n + 1, wire.n);
		if (wire.n && wire.p[0])
			(void)str_putc(to, '.');
	}
}

static void put_record(int type, span data, str *to)
{
	char ip[INET6_ADDRSTRLEN] = "";
	if ((type == TYPE_A && data.n == 4) || (type == TYPE_AAAA && data.n == 16)) {
		(void)inet_ntop(type == TYPE_A ? AF_INET : AF_INET6, data.p, ip, sizeof ip);
		(void)str_put(to, span_str(ip));
	} else if (type == TYPE_PTR) {
		put_name(data, to);
	} else if (type == TYPE_MX && data.n > 2) {
		(void)str_printf(to, "%d ",
				 (unsigned char)data.p[0] << 8 | (unsigned char)data.p[1]);
		put_name(span_sub(data, 2, data.n), to);
	}
	while (type == TYPE_TXT && data.n) { /* strings with their length before them */
		size_t n = (unsigned char)data.p[0];
		put_text(span_sub(data, 1, n + 1), to);
		data = span_sub(data, n + 1, data.n);
	}
	(void)str_putc(to, '\n');
}

status dns_lines(dns *d, const char *name, span type, int64_t deadline, str *to)
{
	question q = {.type = 0};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (span_eqi(type, span_str(types[i].name)))
			q.type = types[i].type;
	if (!q.type)
		return status_make(EX_USAGE, 0, "", "A, AAAA, PTR, TXT or MX");
	ask(d, name, &q, 1, deadline);
	enum answer a = judge(&q);
	for (size_t i = 0; a == DATA && q.result->data[i]; i++)
		put_record(q.type, span_of(q.result->data[i], (size_t)q.result->len[i]), to);
	forget(&q, 1);
	return a == TROUBLE ? trouble(name) : status_ok();
}
