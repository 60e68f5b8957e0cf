/* Parameters as they are met. The grammar of RFC 2045 with comments and blanks anywhere, and of RFC 2231
 * with its sections in any order. What is not in the grammar but in mail: values with blanks and other
 * specials but no quotes (up to the next ';'), ';' twice, no ';' between two parameters, a quote that
 * never closes, encoded words as values, sections that start at 1. */
#include "mail/param.h"

#include <stdlib.h>
#include <string.h>

#include "mail/word.h"

enum { SECTIONS_MAX = 1000, COMMENT_DEPTH = 20 };

/* One `name*section*=value` as it was written. */
typedef struct piece {
	span name;
	unsigned section;
	bool extended; /* with '*': %XX */
	bool sectioned;
	span value;
	size_t order;
} piece;

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Blanks and comments (RFC 5322, 3.2.2). */
static void skip(span *rest)
{
	size_t depth = 0, i = 0;
	for (; i < rest->n; i++) {
		char c = rest->p[i];
		if (c == '\\' && depth)
			i++;
		else if (c == '(' && depth < COMMENT_DEPTH)
			depth++;
		else if (c == ')' && depth)
			depth--;
		else if (!depth && !blank(c))
			break;
	}
	*rest = span_sub(*rest, i, rest->n);
}

/* Up to one of `stops`, a blank, or a comment. */
static span until(span *rest, const char *stops)
{
	size_t n = 0, m = strlen(stops);
	while (n < rest->n && !memchr(stops, rest->p[n], m) && !blank(rest->p[n]) &&
	       rest->p[n] != '(')
		n++;
	span s = span_sub(*rest, 0, n);
	*rest = span_sub(*rest, n, rest->n);
	return s;
}

/* A quoted-string behind its quote; folds inside of it go. */
static bool quoted(span *rest, arena *mem, span *value, bool *damaged)
{
	size_t n = 0, i = 1;
	size_t end = 1;
	while (end < rest->n && rest->p[end] != '"')
		end += rest->p[end] == '\\' ? 2 : 1;
	if (end > rest->n)
		end = rest->n;
	char *to = arena_alloc(mem, end + 1);
	if (!to)
		return false;
	for (; i < end; i++) {
		if (rest->p[i] == '\\' && i + 1 < end)
			i++;
		else if (rest->p[i] == '\r' || rest->p[i] == '\n')
			continue;
		to[n++] = rest->p[i];
	}
	*damaged |= end >= rest->n;
	*rest = span_sub(*rest, end + 1, rest->n);
	*value = span_of(to, n);
	return true;
}

/* A token; or, seen in mail, a value with blanks and specials that should have been quoted. */
static span unquoted(span *rest, bool *damaged)
{
	span value = until(rest, ";");
	for (;;) {
		span look = *rest;
		skip(&look);
		if (look.n == 0 || look.p[0] == ';') {
			*rest = look;
			return value;
		}
		/* another parameter whose ';' was left out? */
		span name = look, key = until(&name, "=;");
		if (key.n && name.n && name.p[0] == '=') {
			*damaged = true;
			*rest = look;
			return value;
		}
		*damaged = true;
		*rest = look;
		span more = until(rest, ";");
		if (more.n == 0) { /* a '(' that is no comment */
			*rest = span_sub(*rest, 1, rest->n);
			continue;
		}
		value.n = (size_t)(more.p + more.n - value.p);
	}
}

/* name ["*" section] ["*"] */
static void split_name(span written, piece *p)
{
	uint64_t section;
	span rest = written;
	p->name = span_cut(&rest, '*');
	p->extended = p->name.n < written.n && written.p[written.n - 1] == '*';
	if (rest.n && rest.p[rest.n - 1] == '*')
		rest.n--;
	p->sectioned = rest.n && span_u64(rest, SECTIONS_MAX, &section);
	p->section = p->sectioned ? (unsigned)section : 0;
	if (rest.n && !p->sectioned) /* no section: a name like any other */
		*p = (piece){.name = written};
}

static bool lower_name(piece *p, arena *mem)
{
	char *name = arena_cstr(mem, p->name);
	if (!name)
		return false;
	for (size_t i = 0; i < p->name.n; i++)
		name[i] = ascii_lower(name[i]);
	p->name.p = name;
	return true;
}

/* The next one; false at the end, *full where the arena is. */
static bool next_piece(span *rest, arena *mem, piece *p, bool *damaged, bool *full)
{
	for (;;) {
		skip(rest);
		while (rest->n && rest->p[0] == ';') {
			*rest = span_sub(*rest, 1, rest->n);
			skip(rest);
		}
		if (rest->n == 0)
			return false;
		span written = until(rest, "=;");
		skip(rest);
		if (rest->n && rest->p[0] == '=' && written.n) {
			split_name(written, p);
			break;
		}
		*damaged = true;
		if (written.n == 0)
			*rest = span_sub(*rest, 1, rest->n);
	}
	*rest = span_sub(*rest, 1, rest->n);
	skip(rest);
	if (rest->n && rest->p[0] == '"')
		*full = !quoted(rest, mem, &p->value, damaged);
	else
		p->value = unquoted(rest, damaged);
	*full = *full || !lower_name(p, mem);
	return !*full;
}

static int by_name(const void *a, const void *b)
{
	const piece *x = a, *y = b;
	int c = span_cmp(x->name, y->name);
	if (c)
		return c;
	/* RFC 2231 forms before plain ones: they are what the writer meant (RFC 6266, 4.3) */
	bool xr = x->extended || x->sectioned, yr = y->extended || y->sectioned;
	if (xr != yr)
		return xr ? -1 : 1;
	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static size_t unpercent(span s, char *to)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		int high = i + 2 < s.n && s.p[i] == '%' ? hex(s.p[i + 1]) : -1;
		int low = high >= 0 ? hex(s.p[i + 2]) : -1;
		if (low >= 0) {
			to[n++] = (char)(high * 16 + low);
			i += 2;
		} else {
			to[n++] = s.p[i];
		}
	}
	return n;
}

/* charset'language'text; without two quotes all of it is text. */
static void take_charset(span *value, param *to)
{
	size_t first = span_find(*value, '\'');
	size_t second = first + 1 + span_find(span_sub(*value, first + 1, value->n), '\'');
	if (first >= value->n || second >= value->n)
		return;
	to->charset = span_sub(*value, 0, first);
	to->language = span_sub(*value, first + 1, second);
	*value = span_sub(*value, second + 1, value->n);
}

/* Sections of one name to one value: as long as they follow each other; of two with one number the first. */
static bool join(const piece *p, size_t n, arena *mem, param *to)
{
	size_t octets = 0, at = 0, used = 1;
	while (p[0].sectioned && used < n && p[used].sectioned &&
	       p[used].section <= p[used - 1].section + 1)
		used++;
	for (size_t i = 0; i < used; i++)
		octets += p[i].value.n;
	*to = (param){.name = p[0].name, .charset = S(""), .language = S("")};
	if (!p[0].extended && !p[0].sectioned) {
		to->value = p[0].value;
		to->words = p[0].value.n && memmem(p[0].value.p, p[0].value.n, "=?", 2);
		return true;
	}
	char *value = arena_alloc(mem, octets + 1);
	if (!value)
		return false;
	for (size_t i = 0; i < used && at <= PARAM_VALUE_MAX; i++) {
		span v = p[i].value;
		if (i && p[i].section == p[i - 1].section)
			continue;
		if (i == 0 && p[0].extended)
			take_charset(&v, to);
		if (p[i].extended) {
			at += unpercent(v, value + at);
		} else if (v.n) {
			memcpy(value + at, v.p, v.n);
			at += v.n;
		}
	}
	to->value = span_of(value, at);
	return true;
}

static bool build(piece *pieces, size_t n, arena *mem, param_list *list)
{
	if (n)
		qsort(pieces, n, sizeof *pieces, by_name);
	list->params = arena_alloc(mem, n * sizeof *list->params);
	for (size_t i = 0, same; list->params && i < n; i += same) {
		for (same = 1; i + same < n && span_eq(pieces[i].name, pieces[i + same].name);)
			same++;
		if (!join(pieces + i, same, mem, &list->params[list->count++]))
			return false;
	}
	return list->params != NULL;
}

bool param_parse(span body, arena *mem, param_list *list)
{
	bool full = false;
	size_t n = 0, room = 8;
	*list = (param_list){.main = S("")};
	skip(&body);
	list->main = until(&body, ";");
	/* "text / plain": blanks around the slash are allowed */
	skip(&body);
	if (body.n && (body.p[0] == '/' || span_ends(list->main, S("/")))) {
		str joined = str_new(1024);
		(void)str_put(&joined, list->main);
		for (int i = 0; i < 2 && body.n && body.p[0] != ';'; i++) {
			(void)str_put(&joined, until(&body, ";"));
			skip(&body);
		}
		list->main = arena_dup(mem, str_span(&joined));
		str_free(&joined);
		if (!list->main.p)
			return false;
	}
	piece *pieces = arena_alloc(mem, room * sizeof *pieces), next;
	while (pieces && n < PARAM_MAX && next_piece(&body, mem, &next, &list->damaged, &full)) {
		if (n == room) {
			piece *more = arena_alloc(mem, 2 * room * sizeof *more);
			if (!more)
				return false;
			memcpy(more, pieces, n * sizeof *more);
			pieces = more;
			room *= 2;
		}
		next.order = n;
		pieces[n++] = next;
	}
	list->damaged |= n == PARAM_MAX;
	return pieces && !full && build(pieces, n, mem, list);
}

const param *param_get(const param_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (span_eqi(list->params[i].name, span_str(name)))
			return list->params + i;
	return NULL;
}

void param_text(const param *p, const charset_opener *opener, str *to)
{
	if (p->words)
		word_decode(p->value, opener, to);
	else
		(void)charset_text(opener, p->charset, p->value, to);
}

static bool attribute_char(unsigned char c)
{
	return c > ' ' && c < 0x7f && !memchr("*'%()<>@,;:\\\"/[]?=", c, 18);
}

static void open_param(size_t *column, size_t width, str *to)
{
	(void)str_putc(to, ';');
	if (*column + 2 + width > 77) {
		(void)str_put(to, S("\n\t"));
		*column = 8;
	} else {
		(void)str_putc(to, ' ');
		*column += 2;
	}
}

static void write_plain(const char *name, span value, bool quotes, size_t *column, str *to)
{
	size_t width = strlen(name) + 1 + value.n + 2 * quotes;
	open_param(column, width, to);
	(void)str_printf(to, "%s=", name);
	if (quotes)
		(void)str_putc(to, '"');
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\')
			(void)str_putc(to, '\\');
		(void)str_putc(to, value.p[i]);
	}
	if (quotes)
		(void)str_putc(to, '"');
	*column += width;
}

/* RFC 2231, 4.1: a section a line, with an octet at least, however long the name is. A character may be
 * split: sections are joined before they are read. */
static void write_sections(const char *name, span value, str *to)
{
	static const size_t most = 60;
	size_t at = 0;
	for (unsigned section = 0; at < value.n || section == 0; section++) {
		size_t width = strlen(name) + 8, from = at;
		(void)str_printf(to, ";\n\t%s*%u*=%s", name, section, section ? "" : "utf-8''");
		for (width += section ? 0 : 7; at < value.n && (width < most || at == from); at++) {
			unsigned char c = (unsigned char)value.p[at];
			if (attribute_char(c))
				(void)str_putc(to, (char)c);
			else
				(void)str_printf(to, "%%%02X", c);
			width += attribute_char(c) ? 1 : 3;
		}
	}
}

void param_write(const char *name, span utf8, size_t *column, str *to)
{
	bool ascii = true, plain = utf8.n > 0;
	for (size_t i = 0; i < utf8.n; i++) {
		unsigned char c = (unsigned char)utf8.p[i];
		ascii = ascii && c >= ' ' && c < 0x7f;
		plain = plain && (attribute_char(c) || memchr("*'%", c, 3));
	}
	/* A boundary in sections (up to 70 octets, RFC 2046, 5.1.1) is not understood everywhere. */
	bool boundary = strcmp(name, "boundary") == 0;
	if (ascii && (boundary || utf8.n + strlen(name) < 65)) {
		write_plain(name, utf8, !plain, column, to);
		return;
	}
	write_sections(name, utf8, to);
	*column = 60;
}
