/* Addresses of header fields: RFC 5322, 3.4 with the obsolete forms of 4.4, and what is seen in the
 * wild: encoded words that hold specials, empty list elements, a local part alone, 8-bit display
 * names. One pass, no recursion: a comment is a counter, a group is a flag. */
#include <string.h>

#include "mail/addr.h"
#include "mail/addr_text.h"

enum {
	COMMENT_DEPTH = 100,	/* deeper nesting is no comment of a person */
	ENCODED_WORD_MAX = 256, /* RFC 2047 says 75 */
};

typedef struct scan {
	span rest;
	arena *mem;
	str text;     /* the local part or domain that is being put together */
	span comment; /* the last one of the element, without its parentheses */
	bool bad;
} scan;

static int peek(const scan *s)
{
	return s->rest.n ? (unsigned char)s->rest.p[0] : -1;
}

static void skip(scan *s, size_t n)
{
	s->rest = span_sub(s->rest, n, s->rest.n);
}

/* From "(" behind its ")"; without one all the rest is lost, once. */
static void skip_comment(scan *s)
{
	size_t depth = 0;
	const char *from = s->rest.p + 1;
	while (s->rest.n) {
		char c = s->rest.p[0];
		skip(s, c == '\\' ? 2 : 1);
		if (c == '(' && ++depth > COMMENT_DEPTH)
			break;
		if (c == ')' && --depth == 0) {
			s->comment = span_of(from, (size_t)(s->rest.p - from) - 1);
			return;
		}
	}
	s->bad = true;
	s->rest.n = 0;
}

static void skip_cfws(scan *s)
{
	for (;;) {
		int c = peek(s);
		if (c == '(')
			skip_comment(s);
		else if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			skip(s, 1);
		else
			return;
	}
}

/* "=?charset?B?text?=" with specials in its text is one word all the same. */
static size_t encoded_word(span s)
{
	size_t marks = 0;
	if (!span_starts(s, S("=?")))
		return 0;
	for (size_t i = 2; i < s.n && i < ENCODED_WORD_MAX; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c <= ' ' || c >= 0x7f)
			return 0;
		if (c == '?' && ++marks == 3)
			return i + 1 < s.n && s.p[i + 1] == '=' ? i + 2 : 0;
	}
	return 0;
}

/* Takes a quoted string, decoded (folds and controls inside do not count). */
static void quoted(scan *s)
{
	for (skip(s, 1); s->rest.n && s->rest.p[0] != '"'; skip(s, 1)) {
		if (s->rest.p[0] == '\\' && s->rest.n > 1)
			skip(s, 1);
		if ((unsigned char)s->rest.p[0] >= ' ' && s->rest.p[0] != 0x7f)
			str_putc(&s->text, s->rest.p[0]);
	}
	if (s->rest.n == 0)
		s->bad = s->text.over = true; /* without its end it is nothing to keep */
	skip(s, 1);
}

/* One word or dot, appended to s->text. False at anything else. */
static bool word(scan *s)
{
	size_t n = encoded_word(s->rest);
	int c = peek(s);
	if (c == '"') {
		quoted(s);
		return true;
	}
	if (n == 0 && c == '.')
		n = 1;
	if (n == 0)
		while (n < s->rest.n && addr_atext((unsigned char)s->rest.p[n]))
			n++;
	str_put(&s->text, span_sub(s->rest, 0, n));
	skip(s, n);
	return n > 0;
}

/* s->text for the caller of addr_list(). */
static bool keep(scan *s, span *to)
{
	span kept = s->text.over ? (span){NULL, 0} : arena_dup(s->mem, str_span(&s->text));
	if (kept.p)
		*to = kept;
	return kept.p != NULL;
}

/* word *("." word) into s->text, blanks and comments between them dropped (obs-local-part); *raw is
 * what was written. False where there is none, or two words without a dot between them: a name, no
 * local part. */
static bool dotted(scan *s, span *raw)
{
	const char *from, *to;
	bool joined = true, plain = true;
	str_clear(&s->text);
	skip_cfws(s);
	from = to = s->rest.p;
	for (;;) {
		bool dot = peek(s) == '.';
		if (!word(s))
			break;
		to = s->rest.p;
		plain &= dot || joined;
		joined = dot;
		skip_cfws(s);
	}
	*raw = span_of(from, (size_t)(to - from));
	return plain && raw->n > 0;
}

/* The domain behind "@": a literal, or atoms and dots (obs-domain). */
static bool domain(scan *s, addr *a)
{
	span raw;
	skip_cfws(s);
	if (peek(s) == '[') {
		size_t n = span_find(s->rest, ']') + 1;
		a->domain = span_sub(s->rest, 0, n);
		skip(s, n);
		a->literal = addr_literal(a->domain);
		skip_cfws(s);
		return a->literal;
	}
	return dotted(s, &raw) && keep(s, &a->domain) && addr_domain_name(a->domain);
}

/* obs-route = *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain]) ":" */
static bool route(scan *s)
{
	for (;;) {
		addr ignored;
		skip_cfws(s);
		if (peek(s) == ',')
			skip(s, 1);
		else if (peek(s) == '@')
			skip(s, 1), (void)domain(s, &ignored);
		else
			break;
	}
	if (peek(s) != ':')
		return false;
	skip(s, 1);
	return true;
}

/* "<" [obs-route] addr-spec ">"; "<>" (Return-Path) is the null address. */
static bool angle(scan *s, addr *a)
{
	span raw;
	skip(s, 1);
	skip_cfws(s);
	if (peek(s) == '>') {
		skip(s, 1);
		a->null = true;
		return true;
	}
	if ((peek(s) == '@' || peek(s) == ',') && !route(s))
		return false;
	if (!dotted(s, &raw) || !keep(s, &a->local))
		return false;
	if (peek(s) == '@') {
		skip(s, 1);
		if (!domain(s, a))
			return false;
	}
	if (peek(s) != '>')
		return false;
	skip(s, 1);
	return true;
}

/* To the next "," or ";" that is no part of a comment, a quoted string or a literal. */
static void skip_item(scan *s)
{
	for (;;) {
		skip_cfws(s);
		int c = peek(s);
		if (c < 0 || c == ',' || c == ';')
			return;
		str_clear(&s->text);
		if (!word(s))
			skip(s, 1);
	}
}

enum item { ITEM_MAILBOX, ITEM_GROUP, ITEM_NOTHING, ITEM_BAD };

/* One list element, up to and without the "," or ";" behind it. */
static enum item item(scan *s, addr *a, span *name)
{
	span raw = S("");
	bool plain;
	*a = (addr){.local = S(""), .domain = S("")};
	*name = s->comment = S("");
	plain = dotted(s, &raw);
	switch (peek(s)) {
	case ':': /* a group begins: its members follow */
		skip(s, 1);
		*name = raw;
		return ITEM_GROUP;
	case '<':
		*name = raw;
		if (!angle(s, a))
			return ITEM_BAD;
		break;
	case '@':
		skip(s, 1);
		if (!plain || !keep(s, &a->local) || !domain(s, a))
			return ITEM_BAD;
		break;
	default:
		if (raw.n == 0)
			return ITEM_NOTHING;
		if (!plain || !keep(s, &a->local))
			return ITEM_BAD;
	}
	skip_cfws(s);
	if (peek(s) != -1 && peek(s) != ',' && peek(s) != ';')
		return ITEM_BAD;
	return addr_finish(a) == ADDR_OK ? ITEM_MAILBOX : ITEM_BAD;
}

static void group(const addr_walker *w, bool *open, bool begins, span name)
{
	if (*open && w->group)
		w->group(w->arg, S(""), false);
	*open = begins;
	if (begins && w->group)
		w->group(w->arg, name, true);
}

bool addr_walk(span body, arena *mem, size_t max, const addr_walker *w)
{
	scan s = {.rest = body, .mem = mem, .text = str_new(ADDR_MAX + ADDR_LOCAL_MAX)};
	size_t count = 0;
	bool in_group = false;
	while (s.rest.n) {
		addr a;
		span name, before = s.rest;
		enum item got = item(&s, &a, &name);
		if (got == ITEM_GROUP) {
			group(w, &in_group, true, name);
			continue;
		}
		bool counts = got == ITEM_MAILBOX || (got == ITEM_BAD && w->bad);
		if (counts && count++ == max) {
			s.bad = true;
			break;
		}
		if (got == ITEM_MAILBOX)
			w->mailbox(w->arg, &a, name, s.comment);
		if (got == ITEM_BAD) {
			s.bad = true;
			skip_item(&s);
			if (w->bad)
				w->bad(w->arg, span_trim(span_sub(before, 0, before.n - s.rest.n)));
		}
		int c = peek(&s);
		if (c == ';')
			group(w, &in_group, false, S(""));
		if (c == ',' || c == ';')
			skip(&s, 1);
		else if (s.rest.n == before.n)
			s.bad = true, skip(&s, 1);
	}
	group(w, &in_group, false, S(""));
	str_free(&s.text);
	return !s.bad;
}

typedef struct listing {
	addr_each *each;
	void *arg;
} listing;

static void give(void *arg, const addr *a, span name, span comment)
{
	listing *l = arg;
	(void)comment;
	l->each(l->arg, a, name);
}

bool addr_list(span body, arena *mem, size_t max, addr_each *each, void *arg)
{
	listing l = {each, arg};
	return addr_walk(body, mem, max, &(addr_walker){.mailbox = give, .arg = &l});
}
