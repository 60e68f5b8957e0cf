#include "imap/envelope.h"

#include <string.h>

#include "imap/text.h"
#include "mail/addr.h"
#include "mail/header.h"

enum {
	DATE,
	SUBJECT,
	FROM,
	SENDER,
	REPLY_TO,
	TO,
	CC,
	BCC,
	IN_REPLY_TO,
	MESSAGE_ID,
	FIELDS,
	MORE_MAX = 64, /* address fields that are there again */
	ADDRESSES_MAX = 10000,
};

typedef struct fields {
	span body[FIELDS]; /* p NULL: not there */
	struct again {
		int field;
		span body;
	} more[MORE_MAX];
	size_t more_n;
} fields;

static bool is_address(int field)
{
	return field >= FROM && field <= BCC;
}

static int which(span name)
{
	static const span names[FIELDS] = {
	    {"Date", 4}, {"Subject", 7}, {"From", 4}, {"Sender", 6},	   {"Reply-To", 8},
	    {"To", 2},	 {"Cc", 2},	 {"Bcc", 3},  {"In-Reply-To", 11}, {"Message-ID", 10},
	};
	static const unsigned lengths =
	    1 << 2 | 1 << 3 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11;
	if (name.n > 11 || !(lengths >> name.n & 1))
		return FIELDS;
	for (int i = 0; i < FIELDS; i++)
		if (name.n == names[i].n && ascii_lower(name.p[0]) == ascii_lower(*names[i].p) &&
		    span_eqi(name, names[i]))
			return i;
	return FIELDS;
}

static void collect(span header, fields *f)
{
	header_field h;
	while (header_next(&header, &h) == HEADER_FIELD) {
		int i = which(h.name);
		if (i == FIELDS)
			continue;
		if (!f->body[i].p)
			f->body[i] = h.body;
		else if (is_address(i) && f->more_n < MORE_MAX)
			f->more[f->more_n++] = (struct again){i, h.body};
	}
}

typedef struct listing {
	str *to;
	size_t count;
} listing;

/* A phrase, or the text of a comment, without its quoting (RFC 3501, 7.4.2). */
static void put_phrase(span raw, str *to)
{
	bool quoted = false, gap = false;
	size_t depth = 0;
	str text = str_new(raw.n);
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];
		bool escaped = c == '\\' && i + 1 < raw.n && (quoted || depth);
		if (escaped)
			c = raw.p[++i];
		if (!escaped && c == '"' && !depth) {
			quoted = !quoted;
		} else if (!escaped && !quoted && (c == '(' || c == ')')) {
			depth += c == '(' ? 1 : depth ? (size_t)-1 : 0;
			gap = true;
		} else if (!depth && !quoted && strchr(" \t\r\n", c)) {
			gap = true; /* a NUL too */
		} else if (!depth && c != '\r' && c != '\n') {
			if (gap && text.n)
				(void)str_putc(&text, ' ');
			gap = false;
			(void)str_putc(&text, c);
		}
	}
	imap_put_string(str_span(&text), to);
	str_free(&text);
}

static bool plain_phrase(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || memchr("\"\\()", s.p[i], 4) ||
		    (s.p[i] == ' ' && i && s.p[i - 1] == ' '))
			return false;
	return true;
}

static void put_name(span name, str *to)
{
	size_t n = name.n;
	if (n >= 2 && name.p[0] == '"' && name.p[n - 1] == '"' &&
	    plain_phrase(span_of(name.p + 1, n - 2)))
		imap_put_string(span_of(name.p + 1, n - 2), to);
	else if (plain_phrase(name))
		imap_put_string(name, to);
	else
		put_phrase(name, to);
}

static void open_one(listing *l, span name, span comment)
{
	(void)str_put(l->to, l->count++ ? S("(") : S("(("));
	name = span_trim(name);
	comment = span_trim(comment);
	if (name.n)
		put_name(name, l->to);
	else if (comment.n)
		put_name(comment, l->to);
	else
		(void)str_put(l->to, S("NIL"));
	(void)str_put(l->to, S(" NIL ")); /* a source route says nothing today */
}

static void mailbox(void *arg, const addr *a, span name, span comment)
{
	listing *l = arg;
	open_one(l, name, comment);
	imap_put_string(a->local.n ? a->local : S("MISSING_MAILBOX"), l->to);
	(void)str_putc(l->to, ' ');
	imap_put_string(a->domain.n ? a->domain : S("MISSING_DOMAIN"), l->to);
	(void)str_putc(l->to, ')');
}

/* "(NIL NIL name NIL)", the members, "(NIL NIL NIL NIL)". */
static void group(void *arg, span name, bool begins)
{
	listing *l = arg;
	(void)str_put(l->to, l->count++ ? S("(NIL NIL ") : S("((NIL NIL "));
	if (begins)
		put_name(span_trim(name), l->to);
	else
		(void)str_put(l->to, S("NIL"));
	(void)str_put(l->to, S(" NIL)"));
}

/* What is no address is shown with what can be told of it: a client should not see less than a reader of the header. */
static void bad(void *arg, span text)
{
	listing *l = arg;
	size_t open = span_rfind(text, '<'), close = span_rfind(text, '>');
	span name = S(""), address = text;
	if (open < close && close < text.n) {
		name = span_sub(text, 0, open);
		address = span_trim(span_sub(text, open + 1, close));
	}
	size_t at = span_rfind(address, '@');
	span local = span_sub(address, 0, at), domain = span_sub(address, at + 1, address.n);
	if (at == address.n && !name.n) { /* words */
		name = address;
		local = S("");
	}
	open_one(l, name, S(""));
	imap_put_field(local.n ? local : S("MISSING_MAILBOX"), l->to);
	(void)str_putc(l->to, ' ');
	imap_put_field(domain.n ? domain : S("MISSING_DOMAIN"), l->to);
	(void)str_putc(l->to, ')');
}

/* False where there are none: then nothing was written. */
static bool put_addresses(const fields *f, int field, arena *mem, str *to)
{
	listing l = {.to = to};
	const addr_walker w = {mailbox, group, bad, &l};
	if (!f->body[field].p)
		return false;
	arena_reset(mem);
	(void)addr_walk(f->body[field], mem, ADDRESSES_MAX, &w);
	for (size_t i = 0; i < f->more_n; i++)
		if (f->more[i].field == field)
			(void)addr_walk(f->more[i].body, mem, ADDRESSES_MAX, &w);
	if (l.count)
		(void)str_putc(to, ')');
	return l.count > 0;
}

static void put_list(const fields *f, int field, arena *mem, str *to)
{
	(void)str_putc(to, ' ');
	if (!put_addresses(f, field, mem, to))
		(void)str_put(to, S("NIL"));
}

/* Sender and Reply-To are From's where they are not there (RFC 3501, 7.4.2). */
static void put_from(const fields *f, arena *mem, str *to)
{
	(void)str_putc(to, ' ');
	size_t from = to->n;
	if (!put_addresses(f, FROM, mem, to))
		(void)str_put(to, S("NIL"));
	size_t n = to->n - from;
	for (int field = SENDER; field <= REPLY_TO; field++) {
		(void)str_putc(to, ' ');
		if (put_addresses(f, field, mem, to))
			continue;
		span said = arena_dup(mem, span_of(to->p + from, n));
		(void)str_put(to, said.p ? said : S("NIL"));
	}
}

void imap_envelope(span header, arena *scratch, str *to)
{
	fields f = {.more_n = 0};
	const size_t before = to->n;
	if (to->over)
		return;
	collect(header, &f);
	(void)str_putc(to, '(');
	imap_put_field(f.body[DATE], to);
	(void)str_putc(to, ' ');
	imap_put_field(f.body[SUBJECT], to);
	put_from(&f, scratch, to);
	for (int field = TO; field <= BCC; field++)
		put_list(&f, field, scratch, to);
	(void)str_putc(to, ' ');
	imap_put_field(f.body[IN_REPLY_TO], to);
	(void)str_putc(to, ' ');
	imap_put_field(f.body[MESSAGE_ID], to);
	(void)str_putc(to, ')');
	if (to->over || to->n - before > IMAP_ENVELOPE_MAX) {
		to->over = false;
		str_cut(to, before);
		(void)str_put(to, S(IMAP_ENVELOPE_EMPTY));
	}
}
