#include "mail/html.h"

#include "mail/entity.h"
#include "mail/tag.h"
#include "mail/wrap.h"

enum { LABEL_MAX = 2048, META_OCTETS = 2048 };

enum element { NONE, QUOTE, UL, OL, LI, DD, PRE, LINK };

typedef struct frame {
	enum element element;
	size_t prefix;	/* octets before it was opened */
	unsigned count; /* items of an OL */
} frame;

typedef struct writer {
	tag_reader in;
	wrap w;
	size_t start; /* of our text in w.to */
	str prefix, first;
	size_t low; /* the shortest prefix since the last line */
	frame stack[HTML_NEST_MAX];
	size_t depth, deeper; /* `deeper` ones are open and not on the stack */
	bool head;	      /* inside of <head> */
	bool blank;	      /* an empty line before the next text */
	bool cell;	      /* the next text begins a cell that is not the first */
	bool pre_begins;
	span target; /* of the open link, as written */
	bool linked;
	str label; /* its text */
	str links;
	unsigned links_n;
} writer;

/* ---- lines */

static void end_line(writer *h)
{
	if (wrap_begun(&h->w))
		wrap_line(&h->w);
	h->cell = false;
	str_clear(&h->w.gap);
}

static void block(writer *h, bool apart)
{
	end_line(h);
	h->blank |= apart;
}

static bool in_pre(const writer *h)
{
	return h->w.tie;
}

/* What stands between the last text and the next. */
static void before_text(writer *h)
{
	if (!wrap_begun(&h->w)) {
		if (h->blank && h->w.to->n > h->start) {
			span first = h->w.first;
			h->w.first = (span){NULL, 0};
			h->w.prefix = span_sub(str_span(&h->prefix), 0, h->low);
			wrap_line(&h->w);
			h->w.first = first;
			h->w.prefix = str_span(&h->prefix);
		}
		h->low = h->prefix.n;
	} else if (h->cell) {
		wrap_gap(&h->w, S(" "));
		str_clear(&h->w.gap);
		wrap_gap(&h->w, S(" "));
		wrap_put(&h->w, S("|"));
		wrap_gap(&h->w, S(" "));
	}
	h->blank = h->cell = false;
}

static void put(writer *h, span piece)
{
	before_text(h);
	wrap_put(&h->w, piece);
	if (h->linked && h->label.n < LABEL_MAX)
		(void)str_put(&h->label, piece);
}

static void gap(writer *h)
{
	if (!wrap_begun(&h->w))
		return;
	wrap_gap(&h->w, S(" "));
	if (h->w.gap.n > 1)
		str_cut(&h->w.gap, 1);
	if (h->linked && h->label.n && h->label.n < LABEL_MAX)
		(void)str_putc(&h->label, ' ');
}

/* ---- nesting */

static bool push(writer *h, enum element e, span prefix, span first)
{
	if (h->depth == HTML_NEST_MAX) {
		h->deeper++;
		return false;
	}
	h->stack[h->depth++] = (frame){.element = e, .prefix = h->prefix.n};
	if (h->w.first.n == 0)
		str_clear(&h->first);
	if (h->first.n == 0 && !span_eq(first, prefix))
		(void)str_put(&h->first, str_span(&h->prefix));
	if (h->first.n || !span_eq(first, prefix)) {
		(void)str_put(&h->first, first);
		h->w.first = str_span(&h->first);
	}
	(void)str_put(&h->prefix, prefix);
	h->w.prefix = str_span(&h->prefix);
	return true;
}

static void pop_to(writer *h, size_t depth)
{
	while (h->depth > depth) {
		frame *f = &h->stack[--h->depth];
		str_cut(&h->prefix, f->prefix);
		h->low = h->prefix.n < h->low ? h->prefix.n : h->low;
		h->w.tie &= f->element != PRE;
	}
	h->w.prefix = str_span(&h->prefix);
	/* The mark of an item that had no text. */
	h->w.first = (span){NULL, 0};
}

/* Closes the innermost one and all that is open inside of it, unless one of `fence` is. */
static void pop(writer *h, enum element e, enum element fence1, enum element fence2)
{
	if (h->deeper) {
		h->deeper--;
		return;
	}
	for (size_t i = h->depth; i-- > 0;) {
		enum element open = h->stack[i].element;
		if (open == e) {
			pop_to(h, i);
			return;
		}
		if (open == fence1 || open == fence2)
			return;
	}
}

static frame *innermost_list(writer *h)
{
	for (size_t i = h->depth; i-- > 0;)
		if (h->stack[i].element == UL || h->stack[i].element == OL)
			return &h->stack[i];
	return NULL;
}

static void open_item(writer *h)
{
	str mark = str_new(32);
	block(h, false);
	if (!h->deeper)
		pop(h, LI, UL, OL);
	frame *list = h->deeper ? NULL : innermost_list(h);
	if (list && list->element == OL)
		(void)str_printf(&mark, "%u. ", ++list->count);
	else
		(void)str_put(&mark, S("* "));
	(void)push(h, LI, span_sub(S("              "), 0, mark.n), str_span(&mark));
	str_free(&mark);
}

/* ---- links */

static bool worth_a_number(span url, span label)
{
	static const char *const fronts[] = {"", "mailto:", "http://", "https://", "tel:"};
	if (url.n == 0 || url.p[0] == '#' || span_startsi(url, S("javascript:")))
		return false;
	label = span_trim(label);
	for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++) {
		span front = span_str(fronts[i]);
		if (!span_startsi(url, front))
			continue;
		span rest = span_sub(url, front.n, url.n);
		if (span_eq(rest, label) ||
		    (span_ends(rest, S("/")) && span_eq(span_sub(rest, 0, rest.n - 1), label)))
			return false;
	}
	return true;
}

static void close_link(writer *h)
{
	if (!h->linked)
		return;
	h->linked = false;
	str raw = str_new(h->target.n), url = str_new(h->target.n);
	/* Blanks and line ends inside of a target are no part of it. */
	for (size_t i = 0; i < h->target.n; i++)
		if ((unsigned char)h->target.p[i] > ' ')
			(void)str_putc(&raw, h->target.p[i]);
	entity_text(str_span(&raw), &url);
	if (h->links_n < HTML_LINKS_MAX && worth_a_number(str_span(&url), str_span(&h->label))) {
		str number = str_new(32);
		(void)str_printf(&number, "[%u]", ++h->links_n);
		(void)str_put(&h->links, str_span(&number));
		(void)str_putc(&h->links, ' ');
		(void)str_put(&h->links, str_span(&url));
		(void)str_putc(&h->links, '\n');
		gap(h);
		put(h, str_span(&number));
		str_free(&number);
	}
	str_free(&raw);
	str_free(&url);
}

static void open_link(writer *h, const tag *t)
{
	close_link(h);
	str_clear(&h->label);
	h->linked = tag_attribute(t, "href", &h->target);
}

static void picture(writer *h, const tag *t)
{
	span alt;
	if (!tag_attribute(t, "alt", &alt) || (alt = span_trim(alt)).n == 0)
		return;
	str text = str_new(alt.n * 2 + 4);
	(void)str_putc(&text, '[');
	entity_text(alt, &text);
	(void)str_putc(&text, ']');
	before_text(h);
	wrap_text(&h->w, str_span(&text));
	str_free(&text);
}

/* ---- tags */

static void line_break(writer *h)
{
	if (wrap_begun(&h->w))
		end_line(h);
	else
		h->blank = true;
}

static void rule(writer *h)
{
	block(h, true);
	put(h, S("----------------------------------------"));
	block(h, true);
}

static void quote(writer *h, bool closes)
{
	block(h, true);
	if (closes)
		pop(h, QUOTE, NONE, NONE);
	else
		(void)push(h, QUOTE, S("> "), S("> "));
}

static void list(writer *h, bool closes, enum element e)
{
	block(h, h->depth == 0 || (closes && h->depth <= 1));
	if (closes)
		pop(h, e, QUOTE, NONE);
	else
		(void)push(h, e, S(""), S(""));
}

static void preformatted(writer *h, bool closes)
{
	block(h, true);
	if (closes) {
		pop(h, PRE, NONE, NONE);
	} else if (push(h, PRE, S(""), S(""))) {
		h->w.tie = true;
		h->pre_begins = true;
	}
}

static void description(writer *h, bool closes)
{
	block(h, false);
	if (!closes)
		(void)push(h, DD, S("    "), S("    "));
	else
		pop(h, DD, QUOTE, LI);
}

static void cell(writer *h, bool closes)
{
	if (!closes)
		h->cell = wrap_begun(&h->w);
	else
		gap(h);
}

static bool one_of(const tag *t, const char *const *names)
{
	for (; *names; names++)
		if (tag_is(t, *names))
			return true;
	return false;
}

static void item_or_list(writer *h, const tag *t)
{
	if (tag_is(t, "blockquote"))
		quote(h, t->closes);
	else if (tag_is(t, "ul") || tag_is(t, "ol"))
		list(h, t->closes, tag_is(t, "ul") ? UL : OL);
	else if (tag_is(t, "li") && !t->closes)
		open_item(h);
	else if (tag_is(t, "li"))
		block(h, false), pop(h, LI, UL, OL);
	else if (tag_is(t, "dd"))
		description(h, t->closes);
	else if (tag_is(t, "pre"))
		preformatted(h, t->closes);
}

static void shape(writer *h, const tag *t)
{
	static const char *const nested[] = {"blockquote", "ul", "ol", "li", "dd", "pre", NULL};
	static const char *const apart[] = {"p",  "h1", "h2", "h3",    "h4",
					    "h5", "h6", "dl", "table", NULL};
	static const char *const blocks[] = {
	    "div",    "tr",	  "body",    "html",	"center", "address",	"section",
	    "form",   "article",  "header",  "footer",	"nav",	  "main",	"aside",
	    "dt",     "fieldset", "legend",  "figure",	"thead",  "figcaption", "tbody",
	    "option", "caption",  "details", "summary", "tfoot",  NULL};
	if (one_of(t, nested))
		item_or_list(h, t);
	else if (one_of(t, apart))
		block(h, true);
	else if (one_of(t, blocks))
		block(h, false);
	else if (tag_is(t, "td") || tag_is(t, "th"))
		cell(h, t->closes);
	else if (tag_is(t, "br"))
		line_break(h);
	else if (tag_is(t, "hr") && !t->closes)
		rule(h);
	else if (tag_is(t, "img"))
		picture(h, t);
	else if (tag_is(t, "q"))
		put(h, S("\""));
	else if (tag_is(t, "a") && t->closes)
		close_link(h);
	else if (tag_is(t, "a"))
		open_link(h, t);
}

static void take_tag(writer *h, const tag *t)
{
	static const char *const no_text[] = {"script",	  "style",    "title", "iframe", "noembed",
					      "noframes", "template", "svg",   NULL};
	static const char *const in_head[] = {"meta", "link", "base", "noscript",
					      "o:p",  "xml",  NULL};
	if (t->name.n == 0)
		return;
	if (tag_is(t, "head"))
		h->head = !t->closes;
	else if (one_of(t, no_text) && !t->closes && !span_ends(t->attributes, S("/")))
		tag_skip_element(&h->in, t->name);
	else if (!one_of(t, in_head)) {
		h->head = false; /* also where </head> was forgotten */
		shape(h, t);
	}
}

/* ---- text */

static void pre_text(writer *h, span s)
{
	if (h->pre_begins && span_starts(s, S("\r")))
		s = span_sub(s, 1, s.n);
	if (h->pre_begins && span_starts(s, S("\n")))
		s = span_sub(s, 1, s.n);
	h->pre_begins = false;
	while (s.n) {
		size_t n = span_find(s, '\n');
		span line = span_sub(s, 0, n);
		if (line.n && n < s.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n)
			put(h, line);
		if (n < s.n) {
			before_text(h);
			wrap_line(&h->w);
		}
		s = span_sub(s, n + 1, s.n);
	}
}

/* Octets of a blank at the front: ASCII, or U+00A0, which holds layouts together; of what has no width and
 * hides in front lines of advertisements: U+00AD, U+034F, U+200B, U+FEFF. */
static size_t blank(span s, bool *shown)
{
	static const char *const hidden[] = {"\xc2\xad", "\xcd\x8f", "\xe2\x80\x8b",
					     "\xef\xbb\xbf"};
	*shown = true;
	if (s.p[0] == ' ' || (s.p[0] >= '\t' && s.p[0] <= '\r'))
		return 1;
	if ((unsigned char)s.p[0] < 0xc2)
		return 0;
	if (span_starts(s, S("\xc2\xa0")))
		return 2;
	*shown = false;
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		if (span_starts(s, span_str(hidden[i])))
			return span_str(hidden[i]).n;
	return 0;
}

static void take_text(writer *h, span s)
{
	if (h->head)
		return;
	if (in_pre(h)) {
		pre_text(h, s);
		return;
	}
	size_t n = 0;
	for (size_t i = 0; i < s.n; i += n) {
		bool shown = false;
		size_t from = i;
		while (i < s.n && !(n = blank(span_sub(s, i, s.n), &shown)))
			i++;
		if (i > from)
			put(h, span_sub(s, from, i));
		if (i == s.n)
			break;
		if (shown)
			gap(h);
	}
}

static void take_reference(writer *h)
{
	char c[4];
	size_t n, used = entity_read(span_sub(h->in.text, h->in.at, h->in.text.n), c, &n);
	take_text(h, used ? span_of(c, n) : S("&"));
	h->in.at += used ? used : 1;
}

static void read_all(writer *h)
{
	span s = h->in.text;
	while (h->in.at < s.n) {
		size_t from = h->in.at, i = from;
		tag t;
		while (i < s.n && s.p[i] != '<' && s.p[i] != '&')
			i++;
		if (i > from)
			take_text(h, span_sub(s, from, i));
		h->in.at = i;
		if (i == s.n)
			break;
		if (s.p[i] == '&') {
			take_reference(h);
		} else if (tag_next(&h->in, &t)) {
			take_tag(h, &t);
		} else {
			take_text(h, S("<"));
			h->in.at++;
		}
	}
}

void html_text(span utf8, size_t columns, str *to)
{
	writer h = {.in = {.text = utf8},
		    .w = wrap_new(to, columns),
		    .start = to->n,
		    .prefix = str_new(16 * HTML_NEST_MAX),
		    .first = str_new(32 * HTML_NEST_MAX),
		    .label = str_new(2 * LABEL_MAX),
		    .links = str_new(to->max)};
	read_all(&h);
	close_link(&h);
	end_line(&h);
	if (h.links.n && to->n > h.start)
		(void)str_putc(to, '\n');
	(void)str_put(to, str_span(&h.links));
	wrap_free(&h.w);
	str_free(&h.prefix);
	str_free(&h.first);
	str_free(&h.label);
	str_free(&h.links);
}

span html_charset(span octets)
{
	span s = span_sub(octets, 0, META_OCTETS);
	for (size_t i = 0; i + 8 < s.n; i++) {
		if (!span_startsi(span_sub(s, i, s.n), S("charset=")))
			continue;
		size_t from = i + 8, to;
		from += s.p[from] == '"' || s.p[from] == '\'';
		for (to = from; to < s.n && (ascii_alnum((unsigned char)s.p[to]) ||
					     s.p[to] == '-' || s.p[to] == '_');
		     to++)
			;
		return span_sub(s, from, to);
	}
	return S("");
}
