#include "mail/graft.h"

#include "mail/body.h"
#include "mail/edit.h"
#include "mail/field.h"

typedef struct writer {
	const graft *g;
	attachment_put *put;
	void *arg;
	bool crlf;
} writer;

static void old(const writer *w, span octets)
{
	w->put(w->arg, octets);
}

/* Ours, with the message's line ends. */
static void fresh(void *arg, span octets)
{
	const writer *w = arg;
	while (w->crlf && octets.n) {
		size_t lf = span_find(octets, '\n');
		w->put(w->arg, span_sub(octets, 0, lf));
		if (lf < octets.n)
			w->put(w->arg, S("\r\n"));
		octets = span_sub(octets, lf + 1, octets.n);
	}
	if (octets.n)
		w->put(w->arg, octets);
}

static void say(const writer *w, span octets)
{
	writer copy = *w;
	fresh(&copy, octets);
}

bool graft_is_crlf(const part_tree *t)
{
	size_t lf = span_find(t->message, '\n');
	return lf > 0 && lf < t->message.n && t->message.p[lf - 1] == '\r';
}

/* ---- delimiters */

static void delimiter(const writer *w, span boundary, span after)
{
	say(w, S("\n--"));
	old(w, boundary);
	say(w, after);
}

static span new_boundary(const graft *g, str *to)
{
	(void)str_put(to, g->beside_html ? S("=_related.") : S("=_mixed."));
	(void)str_put(to, g->token);
	return str_span(to);
}

static void put_type(const writer *w, span boundary, span inner)
{
	bool eight_bit = field_needs_words(inner);
	for (size_t i = 0; i < w->g->count && !eight_bit; i++)
		eight_bit = attachment_is_8bit(w->g->parts + i);
	if (eight_bit)
		say(w, S("Content-Transfer-Encoding: 8bit\n"));
	say(w, w->g->beside_html ? S("Content-Type: multipart/related; type=\"text/html\"")
				 : S("Content-Type: multipart/mixed"));
	say(w, S(";\n boundary=\""));
	old(w, boundary);
	say(w, S("\"\n\n--"));
	old(w, boundary);
	say(w, S("\n"));
}

static void put_parts(const writer *w, span boundary)
{
	writer copy = *w;
	for (size_t i = 0; i < w->g->count; i++) {
		delimiter(w, boundary, S("\n"));
		attachment_write(w->g->parts + i, fresh, &copy);
	}
}

/* ---- behind the last part of a multipart */

/* Its last part, where one can be put behind it. */
static const part *last_part(const part_tree *t, const part *p)
{
	const unsigned broken = PART_NO_BOUNDARY | PART_NO_DELIMITER | PART_TOO_DEEP |
				PART_TOO_MANY | PART_ENCODED_COMPOSITE;
	if (p->kind != PART_MULTIPART || (p->defects & broken) || p->child == PART_NONE)
		return NULL;
	uint32_t i = p->child;
	while (t->parts[i].next != PART_NONE)
		i = t->parts[i].next;
	return t->parts + i;
}

static void append(const writer *w, const part *p, const part *last)
{
	span m = w->g->tree->message;
	size_t at = (size_t)(last->body.p - m.p) + last->body.n;
	span rest = span_sub(m, at, m.n);
	bool open = p->defects & PART_NOT_CLOSED;
	old(w, span_sub(m, 0, at));
	put_parts(w, p->boundary);
	if (open)
		delimiter(w, p->boundary, S("--\n"));
	else if (!span_starts(rest, S("\n")) && !span_starts(rest, S("\r\n")))
		say(w, S("\n")); /* an empty part has no line end before the delimiter */
	old(w, rest);
}

/* ---- around what was there */

static void wrap_part(const writer *w, const part *p)
{
	span m = w->g->tree->message;
	size_t from = (size_t)(p->header.p - m.p);
	size_t end = (size_t)(p->body.p - m.p) + p->body.n;
	str name = str_new(200);
	span boundary = new_boundary(w->g, &name);
	old(w, span_sub(m, 0, from));
	put_type(w, boundary, span_sub(m, from, end));
	old(w, span_sub(m, from, end));
	put_parts(w, boundary);
	delimiter(w, boundary, S("--"));
	old(w, span_sub(m, end, m.n));
	str_free(&name);
}

static bool is_content(span name)
{
	return span_startsi(name, S("Content-"));
}

static void put_fields(const writer *w, const edit *e, bool content)
{
	for (size_t i = 0; i < e->n; i++) {
		span raw = e->fields[i].field.raw;
		if (is_content(e->fields[i].field.name) != content)
			continue;
		old(w, raw);
		if (!span_ends(raw, S("\n")))
			say(w, S("\n"));
	}
}

/* The message's own Content- fields go to its first part. */
static void wrap_message(const writer *w, const edit *e)
{
	str name = str_new(200);
	span boundary = new_boundary(w->g, &name), body = e->tail;
	bool mime = false;
	for (size_t i = 0; i < e->n; i++)
		mime = mime || span_eqi(e->fields[i].field.name, S("MIME-Version"));
	if (span_starts(body, S("\n")) || span_starts(body, S("\r\n")))
		(void)span_cut(&body, '\n');
	old(w, e->front);
	put_fields(w, e, false);
	if (!mime)
		say(w, S("MIME-Version: 1.0\n"));
	put_type(w, boundary, body);
	put_fields(w, e, true);
	say(w, S("\n"));
	old(w, body);
	put_parts(w, boundary);
	delimiter(w, boundary, S("--\n"));
	str_free(&name);
}

/* ---- */

/* The HTML that a person reads, outside of enclosed messages. */
static const part *find_html(const part_tree *t)
{
	for (uint32_t i = 0; i < t->count; i++) {
		const part *p = t->parts + i, *up = p;
		if (p->kind != PART_LEAF || !part_type_is(p, "text", "html") || body_is_attached(p))
			continue;
		while (up->parent != PART_NONE && t->parts[up->parent].kind == PART_MULTIPART)
			up = t->parts + up->parent;
		if (up->parent == PART_NONE)
			return p;
	}
	return NULL;
}

static bool is_sealed(const part_tree *t, const part *p)
{
	for (; p->parent != PART_NONE; p = t->parts + p->parent)
		if (part_type_is(t->parts + p->parent, "multipart", "signed") ||
		    part_type_is(t->parts + p->parent, "multipart", "encrypted"))
			return true;
	return false;
}

static enum graft_result beside_html(const writer *w, const edit *e)
{
	const part_tree *t = w->g->tree;
	const part *html = find_html(t), *last;
	if (!html)
		return GRAFT_NO_HTML;
	if (is_sealed(t, html))
		return GRAFT_SIGNED;
	const part *up = html->parent == PART_NONE ? html : t->parts + html->parent;
	last = part_type_is(up, "multipart", "related") ? last_part(t, up) : NULL;
	if (last)
		append(w, up, last);
	else if (html->parent == PART_NONE)
		wrap_message(w, e);
	else
		wrap_part(w, html);
	return GRAFT_OK;
}

enum graft_result graft_write(const graft *g, attachment_put *put, void *arg)
{
	writer w = {g, put, arg, graft_is_crlf(g->tree)};
	enum graft_result result = GRAFT_OK;
	const part *root = g->tree->parts, *last = NULL;
	edit e;
	edit_open(&e, g->tree->message);
	if (part_type_is(root, "multipart", "mixed"))
		last = last_part(g->tree, root);
	if (e.n == 0)
		result = GRAFT_NO_HEADER;
	else if (g->beside_html)
		result = beside_html(&w, &e);
	else if (last)
		append(&w, root, last);
	else
		wrap_message(&w, &e);
	edit_free(&e);
	return result;
}
