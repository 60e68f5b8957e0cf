#include "smtp/relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/file.h"
#include "io/log.h"
#include "mail/addr.h"

status relay_open(relay *r, int most)
{
	span me;
	arena mem = arena_new(1 << 16);
	status st = status_ok();
	*r = (relay){.port = 25, .times = client_times_make(most)};
	client_init(&r->client, &r->times);
	r->client.scratch = file_temp(); /* now: later the sandbox forbids it */
	enum control_result got = control_value("me", &mem, &me);
	if (got != CONTROL_OK)
		st = status_make(EX_TEMPFAIL, 451, "4.3.5", "control/me: %s",
				 got == CONTROL_ABSENT ? "No such file or directory"
						       : strerror(errno));
	else if (!idn_to_ascii(me, r->me))
		st = status_make(EX_TEMPFAIL, 451, "4.3.5", "control/me: no host name");
	arena_free(&mem);
	if (!status_is_ok(&st))
		log_config_error("control/me", 0, st.text);
	return st;
}

void relay_rest(relay *r)
{
	client_quit(&r->client);
}

void relay_close(relay *r)
{
	client_quit(&r->client);
	client_free(&r->client);
	if (r->client.scratch >= 0)
		(void)close(r->client.scratch);
	dns_close(r->dns);
	r->dns = NULL;
}

static bool has_eight_bit(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 0x7f)
			return true;
	return false;
}

bool relay_address(span text, arena *mem, span *wire)
{
	addr a;
	char name[NET_NAME_ROOM];
	str to = str_new(ADDR_MAX * 4);
	bool ok = text.n == 0 || addr_mailbox(text, mem, &a) == ADDR_OK;
	if (ok && text.n) {
		if (has_eight_bit(a.domain) && !has_eight_bit(a.local)) {
			ok = idn_to_ascii(a.domain, name);
			a.domain = span_str(name);
		}
		addr_write(&a, &to);
	}
	*wire = arena_dup(mem, str_span(&to));
	ok = ok && !to.over && wire->p;
	str_free(&to);
	return ok;
}

static void log_outcome(const relay *r, span dest, const relay_mail *m, const txn_rcpt *to,
			bool unsure, bool seven)
{
	log_line l;
	log_begin(&l, status_is_ok(&to->st)	     ? "delivered"
		      : status_is_permanent(&to->st) ? "failed"
						     : "deferred");
	if (m->id.n)
		log_put(&l, "id", m->id);
	log_put(&l, "from", m->sender);
	log_put(&l, "to", to->address);
	log_put(&l, "dest", dest);
	if (r->ip[0]) {
		log_puts(&l, "host", r->host);
		log_puts(&l, "ip", r->ip);
	}
	if (unsure)
		log_puts(&l, "possible-duplicate", "yes");
	if (seven)
		log_puts(&l, "converted", "7bit");
	log_status(&l, &to->st);
	log_end(&l);
}

/* Whose word the outcome is. */
static void note_host(const relay *r, txn_rcpt *to, bool dsn)
{
	if (r->ip[0])
		(void)snprintf(to->host, sizeof to->host, "%s[%s]", r->host, r->ip);
	else
		(void)snprintf(to->host, sizeof to->host, "%s", r->host);
	to->dsn = dsn;
}

static bool pending(const relay_mail *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (!m->rcpts[i].done)
			return true;
	return false;
}

/* The next recipients without an outcome, at most RELAY_BATCH. */
static size_t collect(const relay_mail *m, txn_rcpt *batch, size_t *index)
{
	size_t n = 0;
	for (size_t i = 0; i < m->count && n < RELAY_BATCH; i++)
		if (!m->rcpts[i].done) {
			batch[n] = (txn_rcpt){.address = m->rcpts[i].address,
					      .params = m->rcpts[i].params};
			index[n++] = i;
		}
	return n;
}

/* What can be sent over the connection that is up; recipients to be tried again stay without outcome. */
static void session(relay *r, span dest, const relay_mail *m)
{
	txn_rcpt *batch = xcalloc(RELAY_BATCH, sizeof *batch);
	size_t index[RELAY_BATCH], n;
	bool progress = true;
	while (progress && client_up(&r->client) && (n = collect(m, batch, index))) {
		bool unsure, dsn = r->client.caps.dsn;
		progress = false;
		client_send(&r->client, m->message, m->sender, m->params, batch, n, &unsure);
		for (size_t i = 0; i < n; i++) {
			txn_rcpt *to = &m->rcpts[index[i]];
			*to = batch[i];
			to->done = !batch[i].again;
			note_host(r, to, dsn && to->accepted);
			progress = progress || to->done;
			if (to->done)
				log_outcome(r, dest, m, to, unsure && to->accepted,
					    r->client.seven);
		}
	}
	free(batch);
}

/* Of several reasons a temporary one counts: as long as one host may still take it, nothing is final. */
static void note(status *why, const status *st)
{
	if (status_is_ok(why) || status_is_permanent(why) || !status_is_permanent(st))
		*why = *st;
}

static void try_address(relay *r, span dest, const dial_addr *a, const relay_mail *m, status *why)
{
	dial_addr_text(a, r->ip);
	r->tried++;
	int fd = dial(a, clock_ms() + r->times.connect);
	if (fd < 0) {
		status st = status_make(EX_TEMPFAIL, 0, "4.4.1", "%s[%s]: %s", r->host, r->ip,
					strerror(errno));
		note(why, &st);
		return;
	}
	r->sessions++;
	status st = client_start(&r->client, fd, span_str(r->me));
	if (!status_is_ok(&st)) {
		note(why, &st);
		return;
	}
	r->spoke = true;
	session(r, dest, m);
	if (client_up(&r->client))
		(void)snprintf(r->dest, sizeof r->dest, "%.*s", SPAN_FMT(dest));
}

static bool need_dns(relay *r, status *why)
{
	status st = status_ok();
	if (!r->dns)
		r->dns = dns_open(&st);
	if (!r->dns) {
		log_config_error("control/resolver", 0, st.text);
		note(why, &st);
	}
	return r->dns != NULL;
}

/* Enough was tried for now. */
static bool weary(const relay *r)
{
	return r->tried >= DIAL_ADDRS_MAX || r->sessions >= RELAY_SESSIONS || r->mute >= RELAY_MUTE;
}

static void try_host(relay *r, span dest, const char *host, uint16_t port, const relay_mail *m,
		     status *why)
{
	dial_addrs addrs;
	if (!need_dns(r, why))
		return;
	(void)snprintf(r->host, sizeof r->host, "%s", host);
	r->ip[0] = 0;
	status st = dns_addrs(r->dns, host, port, clock_ms() + r->times.lookup, &addrs);
	if (!status_is_ok(&st)) {
		r->mute += !status_is_permanent(&st);
		note(why, &st);
		return;
	}
	for (size_t i = 0; i < addrs.count && pending(m) && !weary(r); i++)
		try_address(r, dest, &addrs.a[i], m, why);
}

static void try_mx(relay *r, span dest, const dial_place *place, const relay_mail *m, status *why)
{
	mx_list list;
	if (!need_dns(r, why))
		return;
	status st =
	    dns_mx(r->dns, place->host, span_str(r->me), clock_ms() + r->times.lookup, &list);
	if (!status_is_ok(&st)) {
		note(why, &st);
		return;
	}
	for (size_t i = 0; i < list.count && pending(m) && !weary(r); i++)
		try_host(r, dest, list.hosts[i].name, place->port, m, why);
}

/* A host that the operator named (a route, -c) and that does not exist is a mistake of the operator's:
 * it defers. A domain of an address that cannot exist is the sender's: it fails. */
static void try_place(relay *r, span dest, const relay_mail *m, status *why)
{
	dial_place place;
	bool named = r->host_only || span_starts(dest, S("["));
	r->spoke = false;
	r->tried = r->sessions = r->mute = 0;
	r->host[0] = r->ip[0] = 0;
	if (!dial_parse(dest, r->port, &place)) {
		*why = status_make(EX_NOHOST, 550, "5.1.2", "no destination: %.*s", SPAN_FMT(dest));
	} else if (place.literal) {
		(void)snprintf(r->host, sizeof r->host, "%s", place.host);
		try_address(r, dest, &place.addr, m, why);
	} else if (named) {
		try_host(r, dest, place.host, place.port, m, why);
	} else {
		try_mx(r, dest, &place, m, why);
	}
	if (named && status_is_permanent(why)) {
		why->code = EX_TEMPFAIL;
		if (why->enhanced[0] == '5')
			why->enhanced[0] = '4';
	}
}

/* What is left without outcome after everything was tried. One that a server did hear of keeps its words. */
static void finish(relay *r, span dest, const relay_mail *m, const status *why)
{
	for (size_t i = 0; i < m->count; i++) {
		txn_rcpt *to = &m->rcpts[i];
		if (to->done)
			continue;
		if (!to->st.text[0])
			to->st = *why;
		if (!to->host[0])
			note_host(r, to, false);
		to->done = true;
		log_outcome(r, dest, m, to, false, false);
	}
}

static bool is_dead(relay *r, span dest, status *why)
{
	if (!r->dead[0] || !span_eq(span_str(r->dead), dest) || clock_ms() > r->dead_until)
		return false;
	*why = r->dead_why;
	return true;
}

static void remember_dead(relay *r, span dest, const status *why)
{
	(void)snprintf(r->dead, sizeof r->dead, "%.*s", SPAN_FMT(dest));
	r->dead_until = clock_ms() + RELAY_DEAD_MS;
	r->dead_why = *why;
}

void relay_send(relay *r, span dest, const relay_mail *m)
{
	status why = status_ok();
	if (dest.n >= RELAY_DEST_MAX)
		dest.n = 0; /* longer than any name: no destination */
	if (client_up(&r->client) && span_eq(span_str(r->dest), dest))
		session(r, dest, m);
	/* a connection that rested may be dead by now: what it did not take starts afresh */
	if (pending(m) && !is_dead(r, dest, &why)) {
		client_quit(&r->client);
		try_place(r, dest, m, &why);
		/* only where nobody was spoken to: one message that a server cannot bear
		 * must not hold up the others */
		if (pending(m) && !status_is_ok(&why) && !r->spoke)
			remember_dead(r, dest, &why);
	}
	if (status_is_ok(&why))
		why = status_make(EX_TEMPFAIL, 0, "4.4.2", "connection lost");
	finish(r, dest, m, &why);
}
