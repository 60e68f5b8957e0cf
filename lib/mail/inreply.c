#include "mail/inreply.h"

#include "mail/display.h"
#include "mail/header.h"
#include "mail/msgid.h"
#include "mail/people.h"
#include "mail/word.h"

enum {
	PEOPLE_MAX = 1000000,
	MEM_MAX = 256 << 20,
	TEXT_MAX = 4 << 20, /* octets of a field */
	SEEN_MAX = 10000,
};

/* ---- people */

typedef struct gather {
	const inreply *r;
	addr *seen; /* who is there already */
	size_t seen_count;
	arena *mem;
	str *to;
	bool own;  /* own addresses are taken too */
	bool over; /* more than fit */
} gather;

/* People write their own local part in any case. */
static bool same(const addr *a, const addr *b)
{
	return span_eqi(a->local, b->local) && span_eqi(a->domain, b->domain);
}

static bool is_own(const inreply *r, const addr *a)
{
	for (size_t i = 0; i < r->own_count; i++)
		if (same(&r->own[i].a, a))
			return true;
	return false;
}

static void each(void *arg, const addr *a, span name)
{
	gather *g = arg;
	if (a->null || (!g->own && is_own(g->r, a)))
		return;
	for (size_t i = 0; i < g->seen_count; i++)
		if (same(g->seen + i, a))
			return;
	if (g->seen_count == SEEN_MAX) {
		g->over = true;
		return;
	}
	g->seen[g->seen_count++] = *a;
	if (g->to->n)
		(void)str_put(g->to, S(", "));
	people_put(a, name, g->r->opener, g->to);
}

/* All fields of that name. */
static void add(gather *g, const char *name)
{
	span rest = g->r->header;
	header_field f;
	while (header_next(&rest, &f) == HEADER_FIELD)
		if (span_eqi(f.name, span_str(name)))
			(void)addr_list(f.body, g->mem, PEOPLE_MAX, each, g);
}

static void set(draft *d, const char *name, str *value)
{
	draft_set(d, name, str_span(value));
	str_clear(value);
}

/* Nobody is left out in silence. */
static void add_done(gather *g, draft *d)
{
	d->over = d->over || g->over || g->to->over;
	str_free(g->to);
}

static void address(const inreply *r, bool all, draft *d, arena *mem)
{
	str list = str_new(TEXT_MAX);
	gather g = {.r = r, .mem = mem, .to = &list};
	g.seen = arena_alloc(mem, SEEN_MAX * sizeof *g.seen);
	if (!g.seen)
		return;
	if (all)
		add(&g, "Mail-Followup-To");
	if (list.n) {
		set(d, "To", &list);
		add_done(&g, d);
		return;
	}
	add(&g, "Reply-To");
	if (!list.n)
		add(&g, "From");
	if (!list.n) /* an answer to oneself goes on to the others */
		add(&g, "To");
	g.own = true;
	if (!list.n)
		add(&g, "From");
	g.own = false;
	set(d, "To", &list);
	if (all) {
		add(&g, "To");
		add(&g, "Cc");
		set(d, "Cc", &list);
	}
	add_done(&g, d);
}

static void find_self(void *arg, const addr *a, span name)
{
	gather *g = arg;
	(void)name;
	if (g->seen_count == 0 && is_own(g->r, a)) {
		g->seen[0] = *a;
		g->seen_count = 1;
	}
}

const inreply_own *inreply_self(const inreply *r)
{
	static const char *const names[] = {"To", "Cc", "Delivered-To", "X-Original-To", "From"};
	arena mem = arena_new(MEM_MAX);
	addr found;
	gather g = {.r = r, .seen = &found, .mem = &mem};
	header_field f;
	const inreply_own *self = NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names && g.seen_count == 0; i++)
		for (span rest = r->header; header_next(&rest, &f) == HEADER_FIELD;)
			if (span_eqi(f.name, span_str(names[i])))
				(void)addr_list(f.body, &mem, PEOPLE_MAX, find_self, &g);
	for (size_t i = 0; g.seen_count && !self && i < r->own_count; i++)
		if (same(&r->own[i].a, &found))
			self = r->own + i;
	arena_free(&mem);
	return self;
}

/* ---- subject */

/* "Re", "Re[2]", "Re(3)" and their like before a colon, which may be a wide one: its octets, 0 where there is
 * none. */
static size_t prefix(span s, const char *const *words)
{
	for (size_t i = 0; words[i]; i++) {
		span word = span_str(words[i]);
		if (!span_startsi(s, word))
			continue;
		size_t at = word.n;
		if (at < s.n && (s.p[at] == '[' || s.p[at] == '(' || s.p[at] == '^')) {
			at++;
			while (at < s.n && ascii_digit((unsigned char)s.p[at]))
				at++;
			at += at < s.n && (s.p[at] == ']' || s.p[at] == ')');
		}
		while (at < s.n && s.p[at] == ' ')
			at++;
		span rest = span_sub(s, at, s.n);
		if (span_starts(rest, S(":")))
			return at + 1;
		if (span_starts(rest, S("：")))
			return at + S("：").n;
	}
	return 0;
}

void inreply_subject(span s, bool forward, str *to)
{
	/* what Outlook, Daum, Naver and others put there in the languages that are met */
	static const char *const replies[] = {"Re", "답장", "회신", "답신", "답변", "Aw",  "Antw",
					      "Sv", "回复", "回覆", "答复", "返信", "Odp", NULL};
	static const char *const forwards[] = {"Fwd",  "Fw",   "전달", "Wg",
					       "转发", "轉寄", "転送", NULL};
	size_t n;
	s = span_trim(s);
	while ((n = prefix(s, forward ? forwards : replies)))
		s = span_trim(span_sub(s, n, s.n));
	(void)str_put(to, forward ? S("Fwd: ") : S("Re: "));
	(void)str_put(to, s);
}

/* A field's decoded text on one line. */
static void text_of(const inreply *r, const char *name, str *to)
{
	header_field f;
	str text = str_new(TEXT_MAX);
	if (header_get(r->header, name, &f)) {
		word_decode(f.body, r->opener, &text);
		display_safe(span_trim(str_span(&text)), true, to);
	}
	str_free(&text);
}

static void set_subject(const inreply *r, bool forward, draft *d)
{
	str old = str_new(TEXT_MAX), subject = str_new(TEXT_MAX);
	text_of(r, "Subject", &old);
	inreply_subject(str_span(&old), forward, &subject);
	draft_set(d, "Subject", str_span(&subject));
	str_free(&old);
	str_free(&subject);
}

static void set_references(const inreply *r, draft *d)
{
	str ids = str_new(TEXT_MAX);
	msgid_references(r->header, &ids);
	draft_set(d, "References", str_span(&ids));
	str_free(&ids);
}

void inreply_start(const inreply *r, bool all, draft *d)
{
	arena mem = arena_new(MEM_MAX);
	address(r, all, d, &mem);
	arena_free(&mem);
	set_subject(r, false, d);
	draft_set(d, "In-Reply-To", msgid_of(r->header));
	set_references(r, d);
}

void inreply_forward(const inreply *r, draft *d)
{
	set_subject(r, true, d);
	set_references(r, d);
}

/* ---- text */

static void put_name(void *arg, const addr *a, span name)
{
	gather *g = arg;
	if (g->seen_count++ == 0)
		people_put(a, name, g->r->opener, g->to);
}

void inreply_attribution(const inreply *r, str *to)
{
	arena mem = arena_new(MEM_MAX);
	str date = str_new(TEXT_MAX), who = str_new(TEXT_MAX);
	gather g = {.r = r, .mem = &mem, .to = &who};
	header_field f;
	text_of(r, "Date", &date);
	if (header_get(r->header, "From", &f))
		(void)addr_list(f.body, &mem, PEOPLE_MAX, put_name, &g);
	if (date.n) {
		(void)str_put(to, S("On "));
		(void)str_put(to, str_span(&date));
		(void)str_put(to, S(", "));
	}
	if (who.n)
		display_safe(str_span(&who), true, to);
	else
		(void)str_put(to, date.n ? S("somebody") : S("Somebody"));
	(void)str_put(to, S(" wrote:\n"));
	str_free(&date);
	str_free(&who);
	arena_free(&mem);
}

void inreply_quote(span text, str *to)
{
	while (text.n) {
		span line = span_cut(&text, '\n');
		if (span_eq(line, S("-- ")))
			break;
		while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\r'))
			line.n--;
		(void)str_put(to, line.n == 0 || line.p[0] == '>' ? S(">") : S("> "));
		(void)str_put(to, line);
		(void)str_putc(to, '\n');
	}
}

void inreply_forward_text(const inreply *r, span text, str *to)
{
	static const char *const names[] = {"From", "Date", "Subject", "To", "Cc"};
	(void)str_put(to, S("---------- Forwarded message ----------\n"));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t before = to->n;
		(void)str_printf(to, "%s: ", names[i]);
		size_t empty = to->n;
		text_of(r, names[i], to);
		if (to->n == empty)
			str_cut(to, before);
		else
			(void)str_putc(to, '\n');
	}
	(void)str_putc(to, '\n');
	(void)str_put(to, text);
	if (text.n && !span_ends(text, S("\n")))
		(void)str_putc(to, '\n');
	(void)str_put(to, S("---------- End of forwarded message ----------\n"));
}
