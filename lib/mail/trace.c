#include "mail/trace.h"

#include "mail/date.h"
#include "mail/utf8.h"

enum {
	FOLD = 78,	/* RFC 5322, 2.1.1 */
	TAB = 8,	/* columns of the TAB that starts a folded line */
	WORD_MAX = 255, /* octets of one cleaned word: a domain */
};

/* The octets of domains and address literals; others become '?'. */
static void clean(span s, str *to)
{
	s = span_sub(s, 0, WORD_MAX);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool fine = ascii_alnum((unsigned char)c) || (c && strchr("-._:[]", c));
		str_putc(to, fine ? c : '?');
	}
}

/* A field that is being written, and how wide its last line is so far. */
typedef struct line {
	str *to;
	size_t column;
} line;

/* A word behind a blank, or on a new line where it must or would pass the limit. */
static void word(line *l, span text, bool fold)
{
	fold |= l->column + 1 + text.n > FOLD && l->column > TAB;
	str_put(l->to, fold ? S("\n\t") : S(" "));
	l->column = (fold ? TAB : l->column + 1) + text.n;
	str_put(l->to, text);
}

/* before, the cleaned value, after: one word. */
static void clause(line *l, const char *before, span value, const char *after, bool fold)
{
	str text = str_new(WORD_MAX + 16);
	str_put(&text, span_str(before));
	clean(value.n ? value : S("unknown"), &text);
	str_put(&text, span_str(after));
	word(l, str_span(&text), fold);
	str_free(&text);
}

/* Extended-Domain with its TCP-info. */
static void from_clause(line *l, const trace *t)
{
	bool v6 = span_find(t->remote_ip, ':') < t->remote_ip.n;
	clause(l, "from ", t->helo, "", false);
	if (t->remote_ip.n == 0)
		return;
	if (t->remote_host.n)
		clause(l, "(", t->remote_host, "", false);
	str open = str_new(16);
	str_printf(&open, "%s[%s", t->remote_host.n ? "" : "(", v6 ? "IPv6:" : "");
	clause(l, str_cstr(&open), t->remote_ip, "])", false);
	str_free(&open);
}

/* "for <RCPT>", or nothing where that could not stand in a header as it is. */
static void for_clause(const addr *rcpt, str *to)
{
	str_put(to, S("for <"));
	addr_write(rcpt, to);
	str_put(to, S(">"));
	bool fine = !to->over && utf8_valid(str_span(to));
	for (size_t i = 0; i < to->n; i++)
		fine &= (unsigned char)to->p[i] >= ' ' && to->p[i] != 0x7f;
	if (!fine)
		str_clear(to);
}

void trace_received(const trace *t, str *to)
{
	char date[DATE_ROOM];
	line l = {to, sizeof "Received:" - 1};
	bool from = t->helo.n || t->remote_ip.n;
	str rcpt = str_new(2 * ADDR_MAX);
	if (t->rcpt && !t->rcpt->null)
		for_clause(t->rcpt, &rcpt);
	str_put(to, S("Received:"));
	if (from)
		from_clause(&l, t);
	clause(&l, "by ", t->me, "", from);
	clause(&l, "with ", t->proto, "", false);
	clause(&l, "id ", t->id, rcpt.n || t->tls.n ? "" : ";", false);
	if (rcpt.n && !t->tls.n)
		str_putc(&rcpt, ';');
	if (rcpt.n)
		word(&l, str_span(&rcpt), true);
	if (t->tls.n)
		clause(&l, "tls ", t->tls, ";", !rcpt.n);
	str_free(&rcpt);
	date_write(t->epoch, t->zone, date);
	word(&l, span_str(date), false);
	str_putc(to, '\n');
}

void trace_message_id(span id, span me, str *to)
{
	str_putc(to, '<');
	clean(id, to);
	str_putc(to, '@');
	clean(me.n ? me : S("localhost"), to);
	str_putc(to, '>');
}
