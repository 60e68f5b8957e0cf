#include "mail/header.h"

#include <string.h>

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Octets of the first line with its LF; all of it where there is none. */
static size_t line_size(span s)
{
	const char *lf = s.n ? memchr(s.p, '\n', s.n) : NULL;
	return lf ? (size_t)(lf - s.p) + 1 : s.n;
}

/* The line and its continuations (RFC 5322, 2.2.3; a line of blanks alone is one too, 4.2). */
static size_t field_size(span s)
{
	size_t n = line_size(s);
	while (n < s.n && blank(s.p[n]))
		n += line_size((span){s.p + n, s.n - n});
	return n;
}

/* field-name = 1*ftext, and blanks before the colon (4.5). Its length in *name; false without a
 * colon. */
static bool field_name(span line, size_t *name, size_t *colon)
{
	static const bool ftext[256] = {[33 ... 57] = true, [59 ... 126] = true};
	size_t n = 0;
	while (n < line.n && ftext[(unsigned char)line.p[n]])
		n++;
	*name = n;
	while (n < line.n && blank(line.p[n]))
		n++;
	*colon = n;
	return *name > 0 && n < line.n && line.p[n] == ':';
}

enum header_result header_next(span *rest, header_field *field)
{
	size_t name, colon, n;
	const char *p = rest->p;
	if (rest->n == 0)
		return HEADER_END;
	if (p[0] == '\n' || (p[0] == '\r' && rest->n > 1 && p[1] == '\n')) {
		n = p[0] == '\n' ? 1 : 2;
		*rest = span_of(p + n, rest->n - n);
		return HEADER_END;
	}
	if (!field_name(*rest, &name, &colon))
		return HEADER_GARBAGE;
	n = field_size(*rest);
	field->raw = (span){p, n};
	field->name = (span){p, name};
	field->body = span_chomp((span){p + colon + 1, n - colon - 1});
	*rest = (span){p + n, rest->n - n};
	return HEADER_FIELD;
}

enum header_result header_find(span *rest, span name, header_field *field)
{
	size_t n, colon;
	while (rest->n && field_name(*rest, &n, &colon)) {
		if (n == name.n && span_eqi((span){rest->p, n}, name))
			break;
		n = field_size(*rest);
		*rest = (span){rest->p + n, rest->n - n};
	}
	return header_next(rest, field);
}

bool header_is_cut(enum header_result last, span rest)
{
	if (last == HEADER_GARBAGE)
		return rest.n == 0 || !memchr(rest.p, '\n', rest.n);
	return rest.n == 0;
}

size_t header_mbox_line(span text)
{
	size_t name, colon;
	bool from = span_starts(text, S("From ")) || span_starts(text, S(">From "));
	return from && !field_name(text, &name, &colon) ? line_size(text) : 0;
}

size_t header_size(span text)
{
	span rest = text;
	header_field field;
	while (header_next(&rest, &field) == HEADER_FIELD)
		;
	return text.n - rest.n;
}

bool header_get(span text, const char *name, header_field *field)
{
	while (header_next(&text, field) == HEADER_FIELD)
		if (span_eqi(field->name, span_str(name)))
			return true;
	return false;
}

size_t header_count(span text, const char *name)
{
	header_field field;
	size_t n = 0;
	while (header_next(&text, &field) == HEADER_FIELD)
		n += span_eqi(field.name, span_str(name));
	return n;
}

void header_unfold(span body, str *to)
{
	body = span_trim(body);
	while (body.n) {
		size_t n = line_size(body);
		span line = span_sub(body, 0, n);
		body = span_sub(body, n, body.n);
		if (body.n == 0) {
			str_put(to, line);
			return;
		}
		str_put(to, span_trim(line));
		while (body.n && (blank(body.p[0]) || body.p[0] == '\r' || body.p[0] == '\n'))
			body = span_sub(body, 1, body.n);
		str_putc(to, ' ');
	}
}
