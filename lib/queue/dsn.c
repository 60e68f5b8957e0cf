#include "queue/dsn.h"

#include <unistd.h>

#include "io/clock.h"
#include "io/control.h"
#include "io/file.h"
#include "mail/date.h"
#include "mail/header.h"
#include "queue/dsn_address.h"
#include "queue/notify.h"
#include "queue/qadd.h"

/* What marks our own notifications in the queue, so that their failure is known for what it is.
 * Only the queue's owner writes XFORWARD lines: no client can claim it. */
#define BOUNCE_PROTO "BOUNCE"
#define NOTICE_PROTO "NOTICE"
/* Nobody hears of the failure of these: a bounce will follow, or all is well. */
#define DELAY_PROTO "DELAY"
#define REPORT_PROTO "REPORT"

enum {
	TEXT_MAX = 32 << 20, /* a report on ENVELOPE_RCPT_MAX recipients fits */
	HEADER_RETURN_MAX = 65536,
};

static const struct {
	const char *proto, *subject, *intro;
	bool to_sender;
} kinds[] = {
    [DSN_SENDER] = {"PROTO=" BOUNCE_PROTO, "Undelivered mail returned to sender",
		    "Your message could not be delivered to the recipients below.\n"
		    "It was given up; what is left of it is attached.\n\n",
		    true},
    [DSN_DELAY] = {"PROTO=" DELAY_PROTO, "Delivery of your message is delayed",
		   "Your message could not be delivered to the recipients below yet.\n"
		   "It is tried again; you do not need to send it again.\n\n",
		   true},
    [DSN_SUCCESS] = {"PROTO=" REPORT_PROTO, "Delivery report",
		     "As you asked for: what became of your message to the recipients below.\n\n",
		     true},
    [DSN_POSTMASTER] = {"PROTO=" NOTICE_PROTO, "A notification could not be delivered",
			"A notification about undelivered mail could itself not be delivered.\n"
			"It is attached. No more will be sent about it.\n\n",
			false},
};

static bool wanted(const qlog *log, const qlog_rcpt *r, enum dsn_kind kind)
{
	if (kind == DSN_SUCCESS)
		return notify_success_due(log, r);
	if (kind == DSN_DELAY)
		return r->event == QLOG_DEFERRED && notify_wants(log, r, NOTIFY_DELAY);
	return r->event == QLOG_FAILED && notify_wants(log, r, NOTIFY_FAILURE);
}

static bool any_wanted(const qmsg *m, const qlog *log, enum dsn_kind kind)
{
	for (size_t i = 0; i < log->count && !m->env.sender.addr.null; i++)
		if (wanted(log, &log->rcpts[i], kind))
			return true;
	return false;
}

bool dsn_delay_wanted(const qmsg *m, const qlog *log)
{
	return any_wanted(m, log, DSN_DELAY);
}

bool dsn_success_wanted(const qmsg *m, const qlog *log)
{
	return any_wanted(m, log, DSN_SUCCESS);
}

enum dsn_kind dsn_kind(const qmsg *m, const qlog *log)
{
	bool any = false;
	for (size_t i = 0; i < log->count; i++)
		any = any || wanted(log, &log->rcpts[i], DSN_SENDER);
	if (!any)
		return DSN_NONE;
	if (!m->env.sender.addr.null)
		return DSN_SENDER;
	arena a = arena_new(65536);
	span proto = S("");
	enum dsn_kind kind = DSN_DROP;
	if (envelope_xforward(&m->env, "PROTO", &a, &proto)) {
		if (span_eq(proto, S(BOUNCE_PROTO)))
			kind = DSN_POSTMASTER;
		else if (span_eq(proto, S(NOTICE_PROTO)))
			kind = DSN_KEEP;
	}
	arena_free(&a);
	return kind;
}

static void put_date(const char *field, int64_t when, str *to)
{
	char date[DATE_ROOM];
	date_write(when, 0, date);
	(void)str_printf(to, "%s: %s\n", field, date);
}

/* Whether the report itself can only travel with SMTPUTF8: then it says all in plain UTF-8 (RFC 6533, 4). */
static bool needs_utf8(const qmsg *m, enum dsn_kind kind)
{
	return kinds[kind].to_sender && m->env.sender.addr.utf8;
}

static void put_head(const qmsg *m, enum dsn_kind kind, const char *id, span me, int64_t now,
		     bool eight_bit, str *to)
{
	put_date("Date", now, to);
	(void)str_printf(to, "From: Mail Delivery System <MAILER-DAEMON@%.*s>\nTo: <",
			 SPAN_FMT(me));
	if (kinds[kind].to_sender)
		addr_write(&m->env.sender.addr, to);
	else
		(void)str_printf(to, "postmaster@%.*s", SPAN_FMT(me));
	(void)str_printf(
	    to,
	    ">\nSubject: %s\nMessage-ID: <%s@%.*s>\nAuto-Submitted: auto-replied\n"
	    "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;\n"
	    "\tboundary=\"%s=_report\"\n",
	    kinds[kind].subject, id, SPAN_FMT(me), id);
	(void)str_printf(to, "Content-Transfer-Encoding: %s\n\n", eight_bit ? "8bit" : "7bit");
}

static const char *action_of(const qlog_rcpt *r, enum dsn_kind kind)
{
	if (kind == DSN_DELAY)
		return "delayed";
	if (kind == DSN_SUCCESS)
		return qlog_event_name(r->event); /* delivered, relayed, expanded */
	return "failed";
}

static void put_words(const qmsg *m, const qlog *log, enum dsn_kind kind, const char *id, span me,
		      str *to)
{
	(void)str_printf(
	    to,
	    "--%s=_report\nContent-Description: Notification\n"
	    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
	    "This is the mail system at %.*s.\n\n",
	    id, SPAN_FMT(me));
	(void)str_put(to, span_str(kinds[kind].intro));
	for (size_t i = 0; i < log->count; i++) {
		const qlog_rcpt *r = &log->rcpts[i];
		if (!wanted(log, r, kind))
			continue;
		(void)str_putc(to, '<');
		addr_write(&r->path.addr, to);
		(void)str_putc(to, '>');
		if (r->parent) {
			(void)str_put(to, S(" (for <"));
			addr_write(&notify_root(log, r)->path.addr, to);
			(void)str_put(to, S(">)"));
		}
		(void)str_put(to, S(":\n    "));
		if (kind == DSN_SUCCESS)
			(void)str_printf(to, "%s", action_of(r, kind));
		/* The words of a local delivery are a path, which is nobody's business. */
		if (kind == DSN_SUCCESS && r->last.reply)
			(void)str_put(to, S(": "));
		if (kind != DSN_SUCCESS || r->last.reply)
			dsn_put_line(span_str(r->last.text), to);
		if (kind == DSN_SUCCESS && r->event == QLOG_RELAYED)
			(void)str_put(to, S("\n    That host reports no more about it."));
		(void)str_put(to, S("\n\n"));
	}
	(void)str_printf(to, "Queue ID: %s\n", m->id);
}

/* RFC 3464, 2.3.6: the type is smtp where there is a reply code. */
static void put_diagnostic(const status *last, str *to)
{
	if (last->reply)
		(void)str_printf(to, "Diagnostic-Code: smtp; %d %s%s", last->reply, last->enhanced,
				 *last->enhanced ? " " : "");
	else
		(void)str_put(to, S("Diagnostic-Code: X-Pabal; "));
	for (size_t i = 0; last->text[i]; i++)
		(void)str_putc(to, (unsigned char)last->text[i] > 0x7e ? '?' : last->text[i]);
	(void)str_putc(to, '\n');
}

/* RFC 3464, 2.3.4: the class of a failure is 5 or (given up) 4, of a delay always 4, of a success 2. */
static const char *status_of(const qlog_rcpt *r, enum dsn_kind kind)
{
	const char *given = r->last.enhanced;
	if (kind == DSN_SUCCESS)
		return *given == '2' ? given : "2.0.0";
	if (kind == DSN_DELAY)
		return *given == '4' ? given : "4.0.0";
	return *given ? given : "5.0.0";
}

/* RFC 3464, 2.3.5: the host that said it, where one did. */
static void put_remote(const qlog_rcpt *r, str *to)
{
	span rest = r->by.name, host = span_cut(&rest, '[');
	if (!r->last.reply || r->by.name.n == 0 || span_starts(r->by.name, S("/")))
		return;
	(void)str_put(to, S("Remote-MTA: dns; "));
	dsn_put_line(host.n ? host : r->by.name, to);
	(void)str_putc(to, '\n');
}

/* RFC 3461, 6.3: as the sender wrote it in ORCPT; for an alias, what it was called. */
static void put_original(const qlog *log, const qlog_rcpt *r, bool utf8, str *to)
{
	arena a = arena_new(65536);
	span orcpt, decoded;
	const qlog_rcpt *root = notify_root(log, r);
	if (envelope_param_get(&root->path, "ORCPT", &orcpt)) {
		span type = span_cut(&orcpt, ';');
		if (xtext_decode(orcpt, &a, &decoded) &&
		    (dsn_ascii(decoded) || span_eqi(type, S("utf-8")))) {
			(void)str_put(to, S("Original-Recipient: "));
			dsn_put_typed(type, decoded, utf8, to);
			(void)str_putc(to, '\n');
		}
	} else if (root != r) {
		(void)str_put(to, S("Original-Recipient: "));
		dsn_put_address(&root->path.addr, utf8, to);
		(void)str_putc(to, '\n');
	}
	arena_free(&a);
}

static void put_recipient(const qlog *log, const qlog_rcpt *r, enum dsn_kind kind, bool utf8,
			  int64_t until, str *to)
{
	(void)str_putc(to, '\n');
	put_original(log, r, utf8, to);
	(void)str_put(to, S("Final-Recipient: "));
	dsn_put_address(&r->path.addr, utf8, to);
	(void)str_printf(to, "\nAction: %s\nStatus: %s\n", action_of(r, kind), status_of(r, kind));
	put_remote(r, to);
	if (kind != DSN_SUCCESS || r->last.reply)
		put_diagnostic(&r->last, to);
	if (r->when)
		put_date("Last-Attempt-Date", r->when, to);
	if (kind == DSN_DELAY && until)
		put_date("Will-Retry-Until", until, to);
}

static void put_status(const qmsg *m, const qlog *log, enum dsn_kind kind, const char *id, span me,
		       int64_t until, str *to)
{
	arena a = arena_new(65536);
	span envid, decoded;
	bool utf8 = needs_utf8(m, kind);
	(void)str_printf(to,
			 "\n--%s=_report\nContent-Description: Delivery report\n"
			 "Content-Type: message/%sdelivery-status\n%s\n",
			 id, utf8 ? "global-" : "",
			 utf8 ? "Content-Transfer-Encoding: 8bit\n" : "");
	if (envelope_param_get(&m->env.sender, "ENVID", &envid) &&
	    xtext_decode(envid, &a, &decoded) && dsn_ascii(decoded)) {
		(void)str_put(to, S("Original-Envelope-Id: "));
		dsn_put_line(decoded, to);
		(void)str_putc(to, '\n');
	}
	(void)str_printf(to, "Reporting-MTA: dns; %.*s\nX-Pabal-Queue-ID: %s\n", SPAN_FMT(me),
			 m->id);
	put_date("Arrival-Date", m->arrived, to);
	for (size_t i = 0; i < log->count; i++)
		if (wanted(log, &log->rcpts[i], kind))
			put_recipient(log, &log->rcpts[i], kind, utf8, until, to);
	arena_free(&a);
}

/* The octets to return: the whole message, or its header where it is large, or RET=HDRS, or nothing has
 * failed (RFC 3461, 4.3). */
static bool read_returned(const qmsg *m, enum dsn_kind kind, uint64_t return_max, bool *whole,
			  str *to)
{
	span ret;
	*whole = kind != DSN_DELAY && kind != DSN_SUCCESS && m->size <= return_max &&
		 !(envelope_param_get(&m->env.sender, "RET", &ret) && span_eqi(ret, S("HDRS")));
	size_t n = *whole || m->size < HEADER_RETURN_MAX ? (size_t)m->size : HEADER_RETURN_MAX;
	char buf[16384];
	for (size_t at = 0; at < n;) {
		size_t want = n - at < sizeof buf ? n - at : sizeof buf;
		ssize_t got = file_pread(m->fd, buf, want, m->offset + (off_t)at);
		if (got <= 0) {
			errno = got < 0 ? errno : EIO;
			return false;
		}
		(void)str_put(to, span_of(buf, (size_t)got));
		at += (size_t)got;
	}
	if (!*whole)
		str_cut(to, header_size(str_span(to)));
	return !to->over;
}

/* A header beyond ASCII makes it message/global (RFC 6533, 5 and 6). */
static void put_returned(const char *id, span returned, bool whole, str *to)
{
	bool global = !dsn_ascii(span_sub(returned, 0, header_size(returned)));
	(void)str_printf(to, "\n--%s=_report\nContent-Description: Undelivered message%s\n", id,
			 whole ? "" : " header");
	(void)str_printf(to, "Content-Type: %s\nContent-Transfer-Encoding: %s\n\n",
			 whole	  ? global ? "message/global" : "message/rfc822"
			 : global ? "message/global-headers"
				  : "text/rfc822-headers",
			 dsn_ascii(returned) ? "7bit" : "8bit");
	(void)str_put(to, returned);
	(void)str_printf(to, "%s--%s=_report--\n",
			 returned.n && returned.p[returned.n - 1] == '\n' ? "\n" : "\n\n", id);
}

static bool make_envelope(const qmsg *m, enum dsn_kind kind, bool eight_bit, arena *a, envelope *e)
{
	static envelope_param params[] = {{{"BODY", 4}, {"8BITMIME", 8}},
					  {{"SMTPUTF8", 8}, {NULL, 0}}};
	bool utf8 = needs_utf8(m, kind);
	envelope_path *rcpt = arena_alloc(a, sizeof *rcpt);
	if (!rcpt)
		return false;
	rcpt->addr = kinds[kind].to_sender ? m->env.sender.addr
					   : (addr){.local = S("postmaster"), .domain = S("")};
	*e = (envelope){.xforward = span_str(kinds[kind].proto),
			.sender = {.addr = {.null = true}},
			.rcpts = rcpt,
			.rcpt_count = 1};
	e->sender.params = eight_bit ? params : params + 1;
	e->sender.param_count = (eight_bit ? 1u : 0u) + (utf8 ? 1u : 0u);
	return true;
}

bool dsn_compose(const qmsg *m, const qlog *log, enum dsn_kind kind, const char *id, span me,
		 int64_t now, int64_t until, uint64_t return_max, arena *a, envelope *e, str *text)
{
	bool whole;
	str returned = str_new((size_t)return_max + HEADER_RETURN_MAX), body = str_new(text->max);
	bool done = read_returned(m, kind, return_max, &whole, &returned);
	int error = errno;
	if (done) {
		put_words(m, log, kind, id, me, &body);
		put_status(m, log, kind, id, me, until, &body);
		put_returned(id, str_span(&returned), whole, &body);
		bool eight_bit = !dsn_ascii(str_span(&body));
		put_head(m, kind, id, me, now, eight_bit, text);
		(void)str_put(text, str_span(&body));
		done = make_envelope(m, kind, eight_bit, a, e) && !text->over && !body.over;
		error = done ? 0 : EFBIG;
	}
	str_free(&returned);
	str_free(&body);
	errno = error;
	return done;
}

status dsn_send(int queue_dir, const qmsg *m, const qlog *log, enum dsn_kind kind, span me,
		int64_t until, char id[static QID_LEN + 1])
{
	uint64_t return_max;
	arena a = arena_new(65536);
	str text = str_new(TEXT_MAX);
	envelope e;
	status st;
	char wish[QID_LEN + 1];
	if (!control_number("bounce-size", 8 << 20, DSN_RETURN_MAX, &return_max))
		return_max = DSN_RETURN_MAX;
	qid_make(wish);
	if (dsn_compose(m, log, kind, wish, me, clock_now(), until, return_max, &a, &e, &text))
		st = qadd_message(queue_dir, wish, &e, S(""), str_span(&text), id);
	else
		st = status_doubt("the bounce could not be written: %s", strerror(errno));
	str_free(&text);
	arena_free(&a);
	return st;
}
