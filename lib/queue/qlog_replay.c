/* Reading log/ID: what its lines make of the recipients. */
#include "base/die.h"
#include "io/sumline.h"
#include "queue/qlog_entry.h"

enum { REMOTES_MAX = 8 << 20 };

static const struct {
	enum qlog_event event;
	const char *name;
} names[] = {
    {QLOG_NONE, "none"},       {QLOG_DEFERRED, "deferred"}, {QLOG_DELIVERED, "delivered"},
    {QLOG_RELAYED, "relayed"}, {QLOG_EXPANDED, "expanded"}, {QLOG_FAILED, "failed"},
    {QLOG_BOUNCED, "bounced"},
};

const char *qlog_event_name(enum qlog_event event)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].event == event)
			return names[i].name;
	return "none";
}

static bool event_of(span name, enum qlog_event *event)
{
	for (size_t i = 1; i < sizeof names / sizeof *names; i++)
		if (span_eq(name, span_str(names[i].name))) {
			*event = names[i].event;
			return true;
		}
	return false;
}

qlog_rcpt *qlog_add_rcpt(qlog *l)
{
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 8;
		l->rcpts = xrealloc(l->rcpts, l->room, sizeof *l->rcpts);
	}
	qlog_rcpt *r = &l->rcpts[l->count++];
	*r = (qlog_rcpt){.event = QLOG_NONE};
	return r;
}

bool qlog_split(span line, qlog_entry *e)
{
	span rest = line;
	span n = span_cut(&rest, ' ');
	e->event = span_cut(&rest, ' ');
	span when = span_cut(&rest, ' ');
	e->code = span_cut(&rest, ' ');
	e->enhanced = span_cut(&rest, ' ');
	e->words = rest;
	return span_u64(n, ENVELOPE_RCPT_MAX, &e->n) && span_u64(when, INT64_MAX, &e->when);
}

void qlog_keep_remote_mta(qlog *l, qlog_rcpt *r, const remote_mta *by)
{
	r->by.dsn = by->dsn;
	if (span_eq(r->by.name, by->name))
		return;
	r->by.name = S("");
	if (by->name.n > REMOTES_MAX - l->remotes)
		return;
	l->remotes += by->name.n;
	span name = arena_dup(&l->mem, by->name);
	r->by.name = name.p ? name : S("");
}

/* CODE or CODE/REPLY or CODE/REPLY/FLAGS/NAME. */
static bool take_status(const qlog_entry *e, status *st, remote_mta *by)
{
	span reply = e->code, code = span_cut(&reply, '/');
	int r = 0;
	span enhanced = span_eq(e->enhanced, S("-")) ? S("") : e->enhanced;
	uint64_t c;
	*by = (remote_mta){.dsn = false};
	if (!span_u64(code, 255, &c) || (reply.n && !remote_mta_parse(reply, &r, by)))
		return false;
	if (enhanced.n >= sizeof st->enhanced || memchr(e->words.p, 0, e->words.n))
		return false;
	*st = status_said((int)c, r, enhanced, e->words);
	return true;
}

/* Recipient number `count` is `words`, out of recipient n. */
static void apply_expand(qlog *l, const qlog_entry *e, size_t of_envelope)
{
	uint64_t number;
	addr a;
	if (!span_u64(e->code, ENVELOPE_RCPT_MAX, &number) || number <= of_envelope ||
	    number > l->count + 1 || e->n == 0 || e->n >= number)
		return;
	span words = arena_dup(&l->mem, e->words);
	if (!words.p || addr_mailbox(words, &l->mem, &a) != ADDR_OK)
		return;
	l->count = number - 1;
	qlog_rcpt *r = qlog_add_rcpt(l);
	*r = (qlog_rcpt){.path = l->rcpts[e->n - 1].path, .parent = e->n};
	r->path.addr = a;
}

void qlog_apply_reported(qlog *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->rcpts[i].event == QLOG_DELIVERED || l->rcpts[i].event == QLOG_RELAYED ||
		    l->rcpts[i].event == QLOG_EXPANDED)
			l->rcpts[i].reported = true;
}

void qlog_apply_bounced(qlog *l, int64_t when)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->rcpts[i].event == QLOG_FAILED) {
			l->rcpts[i].event = QLOG_BOUNCED;
			l->rcpts[i].when = when;
		}
}

static void apply(qlog *l, span words, size_t of_envelope)
{
	qlog_entry e;
	enum qlog_event event;
	uint64_t attempt;
	status st;
	remote_mta by;
	if (!qlog_split(words, &e))
		return;
	if (e.n == 0 && span_eq(e.event, S("attempt")) && span_u64(e.code, 1000000, &attempt)) {
		l->attempts = attempt;
		l->last_attempt = (int64_t)e.when;
	} else if (e.n == 0 && span_eq(e.event, S("bounced"))) {
		qlog_apply_bounced(l, (int64_t)e.when);
	} else if (e.n == 0 && span_eq(e.event, S("warned"))) {
		l->warned = true;
	} else if (e.n == 0 && span_eq(e.event, S("reported"))) {
		qlog_apply_reported(l);
	} else if (span_eq(e.event, S("expand"))) {
		apply_expand(l, &e, of_envelope);
	} else if (e.n && e.n <= l->count && event_of(e.event, &event) &&
		   take_status(&e, &st, &by)) {
		qlog_rcpt *r = &l->rcpts[e.n - 1];
		r->event = event;
		r->when = (int64_t)e.when;
		r->last = st;
		qlog_keep_remote_mta(l, r, &by);
	}
}

size_t qlog_replay(qlog *l, span text)
{
	size_t of_envelope = l->count, good = 0;
	span rest = text;
	while (rest.n) {
		span line = span_sub(rest, 0, span_find(rest, '\n') + 1), words;
		rest = span_sub(rest, line.n, rest.n);
		if (sumline_take(line, &words)) {
			apply(l, words, of_envelope);
			good = text.n - rest.n;
		}
	}
	/* Unfinished expansions: the last recipients, with nothing recorded yet. */
	while (l->count > of_envelope) {
		const qlog_rcpt *r = &l->rcpts[l->count - 1];
		if (r->event != QLOG_NONE || l->rcpts[r->parent - 1].event == QLOG_EXPANDED)
			break;
		l->count--;
	}
	return good;
}
