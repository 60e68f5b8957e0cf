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
#include "smtp/reach.h"

status relay_open(relay *r, int most)
{
	span me;
	arena mem = arena_new(1 << 16);
	status st = status_ok();
	*r = (relay){.port = 25, .times = client_times_make(most), .tls = TLS_SERVICE_NONE};
	client_init(&r->client, &r->times);
	r->now = xcalloc(1, sizeof *r->now);
	r->ahead = xcalloc(1, sizeof *r->ahead);
	r->client.scratch = file_temp(); /* now: later the sandbox forbids it */
	enum control_result got = control_value("me", &mem, &me);
	if (got != CONTROL_OK)
		st = status_make(EX_TEMPFAIL, 451, "4.3.5", "control/me: %s",
				 got == CONTROL_ABSENT ? "No such file or directory"
						       : strerror(errno));
	else if (!idn_to_ascii(me, r->me))
		st = status_make(EX_TEMPFAIL, 451, "4.3.5", "control/me: no host name");
	arena_free(&mem);
	if (!status_is_ok(&st)) {
		log_config_error("control/me", 0, st.text);
		return st;
	}
	st = secure_rules_read(&r->rules);
	if (!status_is_ok(&st)) {
		log_config_error("control/smtp-tls", 0, st.text);
		return st;
	}
	/* now, for the same reason; whether it is ready is asked when it is needed */
	if (secure_any(&r->rules))
		(void)tls_service_start(&r->tls, true);
	r->client.tls = &r->tls;
	if (control_exists("sender-map"))
		r->sender_map = table_open("control/sender-map");
	r->client.logins = answer_open(&st);
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
	table_close(r->sender_map);
	r->sender_map = NULL;
	free(r->now);
	free(r->ahead);
	r->now = r->ahead = NULL;
	if (r->client.scratch >= 0)
		(void)close(r->client.scratch);
	secure_rules_free(&r->rules);
	tls_service_close(&r->tls);
	dns_close(r->dns);
	r->dns = NULL;
	answer_close(r->client.logins);
	r->client.logins = NULL;
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

status relay_map_sender(relay *r, span dest, arena *mem, span *sender, int fd, off_t offset,
			int *copy)
{
	*copy = -1;
	if (!r->sender_map || span_startsi(dest, S("lmtp:")))
		return status_ok();
	status st = sender_map_sender(r->sender_map, mem, sender);
	return status_is_ok(&st) ? sender_map_message(r->sender_map, fd, offset, copy) : st;
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
	if (r->client.tls_used[0])
		log_puts(&l, "tls", r->client.tls_used);
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

bool relay_pending(const relay_mail *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (!m->rcpts[i].done)
			return true;
	return false;
}

/* The next recipients without an outcome, at most RELAY_BATCH. */
static bool collect(const relay_mail *m, relay_batch *b)
{
	size_t i = 0;
	b->of = m;
	b->count = 0;
	for (; i < m->count && b->count < RELAY_BATCH; i++)
		if (!m->rcpts[i].done) {
			b->rcpts[b->count] = (txn_rcpt){.address = m->rcpts[i].address,
							.params = m->rcpts[i].params};
			b->index[b->count++] = i;
		}
	while (i < m->count && m->rcpts[i].done)
		i++;
	b->last = i == m->count;
	return b->count > 0;
}

static client_mail mail_of(relay_batch *b)
{
	return (client_mail){b->of->message, b->of->sender, b->of->params, b->rcpts, b->count};
}

/* Takes the batch that was begun with the one before, or a new one. */
static bool take_batch(relay *r, const relay_mail *m)
{
	if (r->client.ahead_begun && r->ahead->of == m) {
		relay_batch *b = r->now;
		r->now = r->ahead;
		r->ahead = b;
	} else if (!collect(m, r->now)) {
		return false;
	}
	r->ahead->of = NULL;
	return true;
}

static bool keep_outcomes(relay *r, span dest, const relay_mail *m, bool unsure, bool dsn)
{
	bool progress = false;
	for (size_t i = 0; i < r->now->count; i++) {
		txn_rcpt *to = &m->rcpts[r->now->index[i]];
		*to = r->now->rcpts[i];
		to->done = !to->again;
		note_host(r, to, dsn && to->accepted);
		progress = progress || to->done;
		if (to->done)
			log_outcome(r, dest, m, to,
				    unsure && to->accepted && !status_is_ok(&to->st),
				    r->client.seven);
	}
	return progress;
}

void relay_session(relay *r, span dest, const relay_mail *m)
{
	bool progress = true;
	while (progress && client_up(&r->client) && take_batch(r, m)) {
		bool unsure, dsn = r->client.caps.dsn;
		client_mail now = mail_of(r->now), next;
		bool more = r->next && r->now->last && collect(r->next, r->ahead);
		if (more)
			next = mail_of(r->ahead);
		client_send(&r->client, &now, more ? &next : NULL, &unsure);
		progress = keep_outcomes(r, dest, m, unsure, dsn);
	}
}

void relay_next(relay *r, const relay_mail *next)
{
	r->next = next;
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
		relay_session(r, dest, m);
	/* a connection that rested may be dead by now: what it did not take starts afresh */
	if (relay_pending(m) && !is_dead(r, dest, &why)) {
		client_quit(&r->client);
		relay_reach(r, dest, m, &why);
		/* only where nobody was spoken to: one message that a server cannot bear
		 * must not hold up the others */
		if (relay_pending(m) && !status_is_ok(&why) && !r->spoke)
			remember_dead(r, dest, &why);
	}
	if (status_is_ok(&why))
		why = status_make(EX_TEMPFAIL, 0, "4.4.2", "connection lost");
	finish(r, dest, m, &why);
}
