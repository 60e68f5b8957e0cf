#include "mail/body.h"

#include "base/die.h"
#include "mail/code.h"
#include "mail/flowed.h"
#include "mail/html.h"
#include "mail/param.h"

enum { PARAMS_MAX = 1 << 20, TEXT_MAX = 512 << 20 };

/* ---- roles */

static void find_text(void *arg, span decoded)
{
	bool *found = arg;
	*found = *found || span_trim(decoded).n > 0;
}

/* Whether a reader would see anything but blanks; of HTML that is known only when it is converted. */
static bool is_empty(const part *p)
{
	bool found = false;
	if (part_type_is(p, "text", "html")) {
		str octets = str_new(TEXT_MAX), text = str_new(TEXT_MAX);
		code_decode(p->encoding, p->body, &octets);
		html_text(str_span(&octets), 0, &text);
		find_text(&found, str_span(&text));
		found |= octets.over || text.over;
		str_free(&octets);
		str_free(&text);
	} else {
		code_pieces(p->encoding, p->body, find_text, &found);
	}
	return !found;
}

bool body_is_attached(const part *p)
{
	arena a = arena_new(PARAMS_MAX);
	param_list list;
	span body;
	bool attached = part_field(p, "Content-Disposition", &body) &&
			param_parse(body, &a, &list) && span_eqi(list.main, S("attachment"));
	arena_free(&a);
	return attached;
}

static bool is_readable(const part *p)
{
	static const char *const data[] = {"calendar", "vcard", "x-vcard", "directory", "rtf"};
	if (part_type_is(p, "message", NULL))
		return part_type_is(p, "message", "delivery-status") ||
		       part_type_is(p, "message", "disposition-notification");
	if (!part_type_is(p, "text", NULL))
		return false;
	for (size_t i = 0; i < sizeof data / sizeof *data; i++)
		if (part_type_is(p, "text", data[i]))
			return false;
	return true;
}

static enum body_role own_role(const part *p)
{
	if (p->kind == PART_MULTIPART)
		return BODY_CONTAINER;
	if (p->kind == PART_MESSAGE || part_type_is(p, "message", "rfc822") ||
	    part_type_is(p, "message", "global"))
		return BODY_MESSAGE;
	if (p->encoding == PART_UNKNOWN || !is_readable(p))
		return BODY_ATTACHED;
	/* A message that is all one part is read, whatever it calls itself. */
	return p->parent != PART_NONE && body_is_attached(p) ? BODY_ATTACHED : BODY_TEXT;
}

enum rank { OTHER, EMPTY, TEXT, HTML, PLAIN };

typedef struct judge {
	const part_tree *tree;
	unsigned char *ranks; /* of leaves, plus 1: each is looked through once; 0: not yet */
} judge;

static enum rank leaf_rank(const part *p)
{
	if (own_role(p) != BODY_TEXT)
		return OTHER;
	if (is_empty(p))
		return EMPTY;
	return part_type_is(p, "text", "plain")	 ? PLAIN
	       : part_type_is(p, "text", "html") ? HTML
						 : TEXT;
}

/* How well an alternative reads; of a container its first leaf is asked. */
static enum rank rank(const judge *j, const part *p)
{
	const part_tree *t = j->tree;
	bool whole = true;
	while (p->kind == PART_MULTIPART && p->child != PART_NONE) {
		p = t->parts + p->child;
		whole = false;
	}
	unsigned char *known = j->ranks + (p - t->parts);
	if (*known == 0)
		*known = (unsigned char)(leaf_rank(p) + 1);
	enum rank r = (enum rank)(*known - 1);
	return r == PLAIN && !whole ? HTML : r;
}

/* The best of the alternatives; of equals the last one, which its writer liked best. HTML is not looked at
 * where plain text is there. */
static uint32_t choose(const judge *j, const part *p)
{
	const part_tree *t = j->tree;
	uint32_t best = PART_NONE;
	enum rank most = OTHER;
	for (int plain = 1; plain >= 0 && most != PLAIN; plain--)
		for (uint32_t i = p->child; i != PART_NONE; i = t->parts[i].next) {
			if (part_type_is(t->parts + i, "text", "plain") != plain)
				continue;
			enum rank r = rank(j, t->parts + i);
			if (r >= most || best == PART_NONE)
				best = i, most = r;
		}
	return best;
}

void body_roles(const part_tree *t, enum body_role *roles)
{
	judge j = {t, xcalloc(t->count, 1)};
	for (uint32_t i = 0; i < t->count; i++)
		roles[i] = own_role(t->parts + i);
	/* Containers stand before what they hold. */
	for (uint32_t i = 0; i < t->count; i++) {
		const part *p = t->parts + i;
		bool hidden = roles[i] == BODY_HIDDEN;
		if (p->kind != PART_MULTIPART ||
		    (!hidden && !part_type_is(p, "multipart", "alternative")))
			continue;
		uint32_t best = hidden ? PART_NONE : choose(&j, p);
		for (uint32_t c = p->child; c != PART_NONE; c = t->parts[c].next)
			if (c != best && roles[c] != BODY_ATTACHED && roles[c] != BODY_MESSAGE)
				roles[c] = BODY_HIDDEN;
	}
	free(j.ranks);
}

/* ---- text */

typedef struct text_kind {
	str charset;
	bool flowed, delsp;
} text_kind;

static text_kind kind_of(const part *p)
{
	text_kind k = {.charset = str_new(256)};
	arena a = arena_new(PARAMS_MAX);
	param_list list;
	const param *value;
	if (p->content_type.n && param_parse(p->content_type, &a, &list)) {
		if ((value = param_get(&list, "charset")))
			(void)str_put(&k.charset, span_trim(value->value));
		value = param_get(&list, "format");
		k.flowed = value && span_eqi(value->value, S("flowed"));
		value = param_get(&list, "delsp");
		k.delsp = value && span_eqi(value->value, S("yes"));
	}
	arena_free(&a);
	return k;
}

static void shape_text(const part *p, const text_kind *k, const body_style *style, span utf8,
		       str *to)
{
	if (span_starts(utf8, S("\xef\xbb\xbf")))
		utf8 = span_sub(utf8, 3, utf8.n);
	if (part_type_is(p, "text", "html")) {
		size_t before = to->n;
		if (style->html && style->html(style->html_arg, utf8, to))
			return;
		str_cut(to, before);
		html_text(utf8, style->columns, to);
	} else if (k->flowed && part_type_is(p, "text", "plain")) {
		flowed_text(utf8, k->delsp, style->columns, to);
	} else {
		flowed_fixed(utf8, style->wrap_fixed ? style->columns : 0, to);
	}
}

void body_text(const part *p, const body_style *style, str *to)
{
	text_kind k = kind_of(p);
	str octets = str_new(TEXT_MAX), utf8 = str_new(TEXT_MAX);
	code_decode(p->encoding, p->body, &octets);
	span charset = str_span(&k.charset);
	if (charset.n == 0 && part_type_is(p, "text", "html"))
		charset = html_charset(str_span(&octets));
	if (!charset_text(style->opener, charset, str_span(&octets), &utf8)) {
		(void)str_put(to, S("[unknown charset "));
		(void)str_put(to, charset);
		(void)str_put(to, S("]\n"));
	}
	str_free(&octets);
	shape_text(p, &k, style, str_span(&utf8), to);
	to->over |= utf8.over;
	str_free(&utf8);
	str_free(&k.charset);
}

void body_name(const part *p, const charset_opener *opener, str *to)
{
	arena a = arena_new(PARAMS_MAX);
	param_list list;
	span body;
	const param *name = NULL;
	if (part_field(p, "Content-Disposition", &body) && param_parse(body, &a, &list) &&
	    (name = param_get(&list, "filename")))
		param_text(name, opener, to);
	arena_reset(&a);
	if (!name && p->content_type.n && param_parse(p->content_type, &a, &list) &&
	    (name = param_get(&list, "name")))
		param_text(name, opener, to);
	arena_free(&a);
}
