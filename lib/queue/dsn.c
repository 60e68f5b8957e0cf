#include "queue/dsn.h"

#include <unistd.h>

#include "io/clock.h"
#include "io/control.h"
#include "io/file.h"
#include "mail/date.h"
#include "mail/header.h"
#include "queue/qadd.h"

/* What marks our own notifications in the queue, so that their failure is known for what it is.
 * Only the queue's owner writes XFORWARD lines: no client can claim it. */
#define BOUNCE_PROTO "BOUNCE"
#define NOTICE_PROTO "NOTICE"
#define DELAY_PROTO                                                                                \
	"DELAY" /* nobody hears of its failure: a bounce will follow it, or the mail itself */

enum {
	TEXT_MAX = 32 << 20, /* a report on ENVELOPE_RCPT_MAX recipients fits */
	HEADER_RETURN_MAX = 65536,
};

static const qlog_rcpt *root_of(const qlog *log, const qlog_rcpt *r)
{
	for (size_t depth = 0; r->parent && r->parent <= log->count && depth < log->count; depth++)
		r = &log->rcpts[r->parent - 1];
	return r;
}

/* RFC 3461, 4.1: without NOTIFY failures are reported, and delays may be; with it only where FAILURE or
 * DELAY is in the list. The members of an alias inherit what was said of the alias (5.2.7.1). */
static bool wanted(const qlog *log, const qlog_rcpt *r, enum dsn_kind kind)
{
	span list;
	if (r->event != (kind == DSN_DELAY ? QLOG_DEFERRED : QLOG_FAILED))
		return false;
	if (!envelope_param_get(&root_of(log, r)->path, "NOTIFY", &list))
		return true;
	while (list.n)
		if (span_eqi(span_cut(&list, ','), kind == DSN_DELAY ? S("DELAY") : S("FAILURE")))
			return true;
	return false;
}

bool dsn_delay_wanted(const qmsg *m, const qlog *log)
{
	bool any = false;
	for (size_t i = 0; i < log->count; i++)
		any = any || wanted(log, &log->rcpts[i], DSN_DELAY);
	return any && !m->env.sender.addr.null;
}

static bool to_sender(enum dsn_kind kind)
{
	return kind == DSN_SENDER || kind == DSN_DELAY;
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

static bool ascii(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 0x7f)
			return false;
	return true;
}

/* The code point at the front of s, for text that is UTF-8; 0 for what is not. */
static uint32_t code_point(span s, size_t *n)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t more = c >= 0xf0 && c < 0xf8 ? 3 : c >= 0xe0 ? 2 : c >= 0xc2 ? 1 : 0;
	uint32_t v = more == 3 ? c & 7u : more == 2 ? c & 15u : c & 31u;
	*n = 1;
	if (more == 0 || c >= 0xf8 || more >= s.n)
		return 0;
	for (size_t i = 1; i <= more; i++) {
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | ((unsigned char)s.p[i] & 0x3fu);
	}
	*n = more + 1;
	return v;
}

/* "rfc822; a@b", or for addresses beyond ASCII "utf-8; …" with \x{…} (RFC 6533, 3): the report then
 * still travels where SMTPUTF8 is unknown. */
static void put_typed_address(const addr *a, str *to)
{
	str text = str_new(4096);
	addr_write(a, &text);
	span s = str_span(&text);
	bool plain = ascii(s);
	(void)str_put(to, plain ? S("rfc822; ") : S("utf-8; "));
	while (s.n) {
		unsigned char c = (unsigned char)s.p[0];
		size_t n = 1;
		if (plain || (c <= 0x7e && c > 0x20 && c != '\\' && c != '+' && c != '='))
			(void)str_putc(to, (char)c);
		else
			(void)str_printf(to, "\\x{%02X}", c <= 0x7f ? c : code_point(s, &n));
		s = span_sub(s, n, s.n);
	}
	str_free(&text);
}

/* One line of a field: control octets out, no longer than a line may be (RFC 5322, 2.1.1). */
static void put_line(span s, str *to)
{
	for (size_t i = 0; i < s.n && i < 900; i++)
		(void)str_putc(to, (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ? ' ' : s.p[i]);
}

static void put_date(const char *field, int64_t when, str *to)
{
	char date[DATE_ROOM];
	date_write(when, 0, date);
	(void)str_printf(to, "%s: %s\n", field, date);
}

static void put_head(const qmsg *m, enum dsn_kind kind, const char *id, span me, int64_t now,
		     bool eight_bit, str *to)
{
	put_date("Date", now, to);
	(void)str_printf(to, "From: Mail Delivery System <MAILER-DAEMON@%.*s>\nTo: <",
			 SPAN_FMT(me));
	if (to_sender(kind))
		addr_write(&m->env.sender.addr, to);
	else
		(void)str_printf(to, "postmaster@%.*s", SPAN_FMT(me));
	(void)str_printf(
	    to,
	    ">\nSubject: %s\nMessage-ID: <%s@%.*s>\nAuto-Submitted: auto-replied\n"
	    "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;\n"
	    "\tboundary=\"%s=_report\"\n",
	    kind == DSN_SENDER	? "Undelivered mail returned to sender"
	    : kind == DSN_DELAY ? "Delivery of your message is delayed"
				: "A notification could not be delivered",
	    id, SPAN_FMT(me), id);
	(void)str_printf(to, "Content-Transfer-Encoding: %s\n\n", eight_bit ? "8bit" : "7bit");
}

/* What the notification is about, and what its reader has to do. */
static span intro(enum dsn_kind kind)
{
	if (kind == DSN_SENDER)
		return S("Your message could not be delivered to the recipients below.\n"
			 "It was given up; what is left of it is attached.\n\n");
	if (kind == DSN_DELAY)
		return S("Your message could not be delivered to the recipients below yet.\n"
			 "It is tried again; you do not need to send it again.\n\n");
	return S("A notification about undelivered mail could itself not be "
		 "delivered.\nIt is attached. No more will be sent about it.\n\n");
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
	(void)str_put(to, intro(kind));
	for (size_t i = 0; i < log->count; i++) {
		const qlog_rcpt *r = &log->rcpts[i];
		if (!wanted(log, r, kind))
			continue;
		(void)str_putc(to, '<');
		addr_write(&r->path.addr, to);
		(void)str_putc(to, '>');
		if (r->parent) {
			(void)str_put(to, S(" (for <"));
			addr_write(&root_of(log, r)->path.addr, to);
			(void)str_put(to, S(">)"));
		}
		(void)str_put(to, S(":\n    "));
		put_line(span_str(r->last.text), to);
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

/* RFC 3464, 2.3.4: the class of a failure is 5 or (given up) 4, of a delay always 4. */
static const char *status_of(const qlog_rcpt *r, bool delay)
{
	if (delay)
		return r->last.enhanced[0] == '4' ? r->last.enhanced : "4.0.0";
	return r->last.enhanced[0] ? r->last.enhanced : "5.0.0";
}

static void put_recipient(const qlog *log, const qlog_rcpt *r, bool delay, int64_t until, str *to)
{
	arena a = arena_new(65536);
	span orcpt, decoded;
	const qlog_rcpt *root = root_of(log, r);
	(void)str_putc(to, '\n');
	if (envelope_param_get(&root->path, "ORCPT", &orcpt)) {
		span type = span_cut(&orcpt, ';');
		if (xtext_decode(orcpt, &a, &decoded) && ascii(decoded)) {
			(void)str_put(to, S("Original-Recipient: "));
			put_line(type, to);
			(void)str_put(to, S("; "));
			put_line(decoded, to);
			(void)str_putc(to, '\n');
		}
	} else if (root != r) {
		(void)str_put(to, S("Original-Recipient: "));
		put_typed_address(&root->path.addr, to);
		(void)str_putc(to, '\n');
	}
	(void)str_put(to, S("Final-Recipient: "));
	put_typed_address(&r->path.addr, to);
	(void)str_printf(to, "\nAction: %s\nStatus: %s\n", delay ? "delayed" : "failed",
			 status_of(r, delay));
	put_diagnostic(&r->last, to);
	put_date("Last-Attempt-Date", r->when, to);
	if (delay && until)
		put_date("Will-Retry-Until", until, to);
	arena_free(&a);
}

static void put_status(const qmsg *m, const qlog *log, enum dsn_kind kind, const char *id, span me,
		       int64_t until, str *to)
{
	arena a = arena_new(65536);
	span envid, decoded;
	(void)str_printf(to,
			 "\n--%s=_report\nContent-Description: Delivery report\n"
			 "Content-Type: message/delivery-status\n\n",
			 id);
	if (envelope_param_get(&m->env.sender, "ENVID", &envid) &&
	    xtext_decode(envid, &a, &decoded) && ascii(decoded)) {
		(void)str_put(to, S("Original-Envelope-Id: "));
		put_line(decoded, to);
		(void)str_putc(to, '\n');
	}
	(void)str_printf(to, "Reporting-MTA: dns; %.*s\nX-Pabal-Queue-ID: %s\n", SPAN_FMT(me),
			 m->id);
	put_date("Arrival-Date", m->arrived, to);
	for (size_t i = 0; i < log->count; i++)
		if (wanted(log, &log->rcpts[i], kind))
			put_recipient(log, &log->rcpts[i], kind == DSN_DELAY, until, to);
	arena_free(&a);
}

/* The octets to return: the whole message, or its header where it is large, or RET=HDRS, or nothing has
 * failed (RFC 3461, 4.3). */
static bool read_returned(const qmsg *m, enum dsn_kind kind, uint64_t return_max, bool *whole,
			  str *to)
{
	span ret;
	*whole = kind != DSN_DELAY && m->size <= return_max &&
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

static void put_returned(const char *id, span returned, bool whole, str *to)
{
	(void)str_printf(to, "\n--%s=_report\nContent-Description: Undelivered message%s\n", id,
			 whole ? "" : " header");
	(void)str_printf(to, "Content-Type: %s\nContent-Transfer-Encoding: %s\n\n",
			 whole ? "message/rfc822" : "text/rfc822-headers",
			 ascii(returned) ? "7bit" : "8bit");
	(void)str_put(to, returned);
	(void)str_printf(to, "%s--%s=_report--\n",
			 returned.n && returned.p[returned.n - 1] == '\n' ? "\n" : "\n\n", id);
}

static bool make_envelope(const qmsg *m, enum dsn_kind kind, bool eight_bit, arena *a, envelope *e)
{
	static envelope_param params[] = {{{"BODY", 4}, {"8BITMIME", 8}},
					  {{"SMTPUTF8", 8}, {NULL, 0}}};
	bool utf8 = to_sender(kind) && m->env.sender.addr.utf8;
	envelope_path *rcpt = arena_alloc(a, sizeof *rcpt);
	if (!rcpt)
		return false;
	rcpt->addr = to_sender(kind) ? m->env.sender.addr
				     : (addr){.local = S("postmaster"), .domain = S("")};
	*e = (envelope){.xforward = kind == DSN_SENDER	? S("PROTO=" BOUNCE_PROTO)
				    : kind == DSN_DELAY ? S("PROTO=" DELAY_PROTO)
							: S("PROTO=" NOTICE_PROTO),
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
		bool eight_bit = !ascii(str_span(&body));
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
