/* One walk over the tree, from part to part by their links: no recursion. */
#include "imap/structure.h"

#include "imap/envelope.h"
#include "imap/text.h"
#include "mail/code.h"
#include "mail/crlf.h"
#include "mail/header.h"
#include "mail/param.h"

typedef struct fields {
	span id, description, encoding, md5, disposition, language,
	    location; /* p NULL: not there */
} fields;

typedef struct walk {
	const part_tree *tree;
	bool extended;
	arena *mem;
	str *to;
} walk;

static void collect(span header, fields *f)
{
	const struct {
		span name;
		span *to;
	} wanted[] = {
	    {S("ID"), &f->id},
	    {S("Description"), &f->description},
	    {S("MD5"), &f->md5},
	    {S("Transfer-Encoding"), &f->encoding},
	    {S("Language"), &f->language},
	    {S("Disposition"), &f->disposition},
	    {S("Location"), &f->location},
	};
	header_field h;
	while (header_next(&header, &h) == HEADER_FIELD) {
		if (!span_startsi(h.name, S("Content-")))
			continue;
		span rest = span_sub(h.name, S("Content-").n, h.name.n);
		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
			if (span_eqi(rest, wanted[i].name) && !wanted[i].to->p)
				*wanted[i].to = h.body;
	}
}

/* ---- parameters */

static bool is_clean(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return true;
}

/* Whose printable ASCII octets are ASCII. */
static bool like_ascii(span charset)
{
	return !charset.n || span_eqi(charset, S("us-ascii")) || span_eqi(charset, S("utf-8")) ||
	       span_startsi(charset, S("iso-8859-")) || span_startsi(charset, S("windows-"));
}

/* RFC 2231, 4: the value of `name*`, its sections joined. */
static void put_extended(const param *p, str *to)
{
	static const char digits[] = "0123456789ABCDEF";
	str text = str_new(3 * PARAM_VALUE_MAX + 1024);
	(void)str_put(&text, p->charset);
	(void)str_putc(&text, '\'');
	(void)str_put(&text, p->language);
	(void)str_putc(&text, '\'');
	for (size_t i = 0; i < p->value.n; i++) {
		unsigned char c = (unsigned char)p->value.p[i];
		if (ascii_alnum(c) || c == '-' || c == '.' || c == '_') {
			(void)str_putc(&text, (char)c);
		} else {
			(void)str_putc(&text, '%');
			(void)str_putc(&text, digits[c >> 4]);
			(void)str_putc(&text, digits[c & 15]);
		}
	}
	imap_put_string(str_span(&text), to);
	str_free(&text);
}

static void put_param(const param *p, str *to)
{
	bool plain = !p->charset.n || (is_clean(p->value) && like_ascii(p->charset));
	str name = str_new(p->name.n + 1);
	(void)str_put(&name, p->name);
	if (!plain)
		(void)str_putc(&name, '*');
	imap_put_string(str_span(&name), to);
	str_free(&name);
	(void)str_putc(to, ' ');
	if (plain)
		imap_put_field(p->value, to);
	else
		put_extended(p, to);
}

static void put_params(const param_list *l, bool charset, str *to)
{
	size_t n = 0;
	for (; n < l->count; n++) {
		(void)str_putc(to, n ? ' ' : '(');
		put_param(&l->params[n], to);
	}
	if (charset && !param_get(l, "charset")) {
		(void)str_putc(to, n++ ? ' ' : '(');
		(void)str_put(to, S("\"charset\" \"us-ascii\""));
	}
	(void)str_put(to, n ? S(")") : S("NIL"));
}

/* What the tree says of the part is not what its field says: a multipart that could not be taken apart. */
static bool is_other(const part *p)
{
	return (p->defects & (PART_BAD_TYPE | PART_NO_BOUNDARY | PART_NO_DELIMITER)) != 0;
}

/* RFC 2045, 5.2: text is US-ASCII where it says nothing else. */
static void put_type_params(walk *w, const part *p)
{
	param_list l = {.count = 0};
	arena_reset(w->mem);
	if (p->content_type.n && !is_other(p) && !param_parse(p->content_type, w->mem, &l))
		l.count = 0;
	put_params(&l, part_type_is(p, "text", NULL), w->to);
}

/* ---- extension data */

static void put_disposition(walk *w, span body)
{
	param_list l;
	arena_reset(w->mem);
	if (!body.p || !param_parse(body, w->mem, &l) || !l.main.n) {
		(void)str_put(w->to, S("NIL"));
		return;
	}
	(void)str_putc(w->to, '(');
	imap_put_string(l.main, w->to);
	(void)str_putc(w->to, ' ');
	put_params(&l, false, w->to);
	(void)str_putc(w->to, ')');
}

/* Content-Language (RFC 3282): tags between commas. */
static void put_language(span body, str *to)
{
	size_t n = 0;
	for (span rest = body; rest.n;) {
		span tag = span_trim(span_cut(&rest, ','));
		if (!tag.n)
			continue;
		(void)str_putc(to, n++ ? ' ' : '(');
		imap_put_field(tag, to);
	}
	(void)str_put(to, n ? S(")") : S("NIL"));
}

static void put_extension(walk *w, const fields *f)
{
	(void)str_putc(w->to, ' ');
	put_disposition(w, f->disposition);
	(void)str_putc(w->to, ' ');
	put_language(f->language, w->to);
	(void)str_putc(w->to, ' ');
	imap_put_field(f->location, w->to);
}

/* ---- parts */

static bool is_text(const part *p)
{
	return part_type_is(p, "text", NULL);
}

static bool is_message(const part *p)
{
	return part_type_is(p, "message", "rfc822");
}

static void put_type(const part *p, str *to)
{
	/* one that is too deep to be opened */
	bool odd = p->kind == PART_LEAF && part_type_is(p, "multipart", NULL);
	imap_put_string(odd ? S("application") : p->type, to);
	(void)str_putc(to, ' ');
	imap_put_string(odd ? S("octet-stream") : p->subtype, to);
	(void)str_putc(to, ' ');
}

static void put_encoding(walk *w, span body)
{
	param_list l;
	arena_reset(w->mem);
	bool said = body.p && param_parse(body, w->mem, &l) && l.main.n && is_clean(l.main);
	imap_put_string(said ? l.main : S("7bit"), w->to);
}

/* "type" "subtype" (params) id description "encoding" octets */
static void put_basic(walk *w, const part *p, const fields *f, uint64_t *lines)
{
	bool cr = false;
	put_type(p, w->to);
	put_type_params(w, p);
	(void)str_putc(w->to, ' ');
	imap_put_field(f->id, w->to);
	(void)str_putc(w->to, ' ');
	imap_put_field(f->description, w->to);
	(void)str_putc(w->to, ' ');
	put_encoding(w, f->encoding);
	(void)str_putc(w->to, ' ');
	*lines = 0;
	(void)str_putu(w->to, crlf_size(p->body, &cr, lines));
}

static void put_lines(uint64_t lines, str *to)
{
	(void)str_putc(to, ' ');
	(void)str_putu(to, lines);
}

static void put_tail(walk *w, const fields *f)
{
	if (w->extended) {
		(void)str_putc(w->to, ' ');
		imap_put_field(f->md5, w->to);
		put_extension(w, f);
	}
	(void)str_putc(w->to, ')');
}

/* Something where clients expect a part. */
static void put_empty(walk *w)
{
	static const span empty = {IMAP_STRUCTURE_EMPTY, sizeof IMAP_STRUCTURE_EMPTY - 1};
	(void)str_put(w->to, span_sub(empty, 0, empty.n - 1));
	(void)str_put(w->to, w->extended ? S(" NIL NIL NIL NIL)") : S(")"));
}

/* A part that stands for itself. */
static void put_leaf(walk *w, const part *p)
{
	fields f = {0};
	uint64_t lines;
	collect(p->header, &f);
	(void)str_putc(w->to, '(');
	put_basic(w, p, &f, &lines);
	if (is_message(p)) {
		(void)str_put(w->to, S(" " IMAP_ENVELOPE_EMPTY " "));
		put_empty(w);
	}
	if (is_message(p) || is_text(p))
		put_lines(lines, w->to);
	put_tail(w, &f);
}

/* What stands before the structure of the enclosed message. */
static void open_message(walk *w, const part *p)
{
	fields f = {0};
	uint64_t lines;
	collect(p->header, &f);
	(void)str_putc(w->to, '(');
	put_basic(w, p, &f, &lines);
	(void)str_putc(w->to, ' ');
	imap_envelope(w->tree->parts[p->child].header, w->mem, w->to);
	(void)str_putc(w->to, ' ');
}

static void close_message(walk *w, const part *p)
{
	fields f = {0};
	collect(p->header, &f);
	put_lines(part_lines(p), w->to);
	put_tail(w, &f);
}

static void close_multipart(walk *w, const part *p)
{
	fields f = {0};
	if (p->child == PART_NONE) /* RFC 3501, 9: body-type-mpart = 1*body … */
		put_empty(w);
	(void)str_putc(w->to, ' ');
	imap_put_string(p->subtype, w->to);
	if (w->extended) {
		collect(p->header, &f);
		(void)str_putc(w->to, ' ');
		put_type_params(w, p);
		put_extension(w, &f);
	}
	(void)str_putc(w->to, ')');
}

/* Whether what is inside is told of; message/global is no message to IMAP4rev1. */
static bool is_open(const part *p)
{
	return p->kind == PART_MULTIPART ||
	       (p->kind == PART_MESSAGE && p->child != PART_NONE && is_message(p));
}

static void close_part(walk *w, const part *p)
{
	if (p->kind == PART_MULTIPART)
		close_multipart(w, p);
	else
		close_message(w, p);
}

static void put_tree(walk *w)
{
	const part *parts = w->tree->parts;
	for (uint32_t i = 0; i != PART_NONE;) {
		const part *p = &parts[i];
		if (!is_open(p)) {
			put_leaf(w, p);
		} else {
			if (p->kind == PART_MULTIPART)
				(void)str_putc(w->to, '(');
			else
				open_message(w, p);
			if (p->child != PART_NONE) {
				i = p->child;
				continue;
			}
			close_part(w, p);
		}
		while (i && parts[i].next == PART_NONE) {
			i = parts[i].parent;
			close_part(w, &parts[i]);
		}
		i = i ? parts[i].next : PART_NONE;
	}
}

void imap_structure(const part_tree *tree, bool extended, arena *scratch, str *to)
{
	walk w = {.tree = tree, .extended = extended, .mem = scratch, .to = to};
	const size_t before = to->n;
	if (to->over)
		return;
	put_tree(&w);
	if (to->over || to->n - before > IMAP_STRUCTURE_MAX) {
		to->over = false;
		str_cut(to, before);
		(void)str_put(to, S(IMAP_STRUCTURE_EMPTY));
	}
}
