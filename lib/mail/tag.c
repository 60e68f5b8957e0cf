#include "mail/tag.h"

#include <string.h>

bool tag_is(const tag *t, const char *name)
{
	return span_eqi(t->name, span_str(name));
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* The end of the tag that begins at `at`: the '>' outside of quotes. A quote counts only behind '='. */
static size_t strict_end(span s, size_t at)
{
	char quote = 0, before = 0;
	for (; at < s.n; at++) {
		char c = s.p[at];
		if (quote) {
			if (c == quote)
				quote = 0;
			continue;
		}
		if (c == '>')
			break;
		if ((c == '"' || c == '\'') && before == '=')
			quote = c;
		if (!blank(c))
			before = c;
	}
	return at;
}

static size_t first_end(const tag_reader *r, size_t at)
{
	return at + span_find(span_sub(r->text, at, r->text.n), '>');
}

/* A quote without its end would take all the rest, and each tag after it would look for it again. */
static size_t tag_end(tag_reader *r)
{
	size_t end = r->text.n;
	if (!r->lax)
		end = strict_end(r->text, r->at);
	if (end == r->text.n) {
		r->lax = true;
		end = first_end(r, r->at);
	}
	return end;
}

static bool comment(tag_reader *r)
{
	span rest = span_sub(r->text, r->at, r->text.n);
	if (r->no_comment || !span_starts(rest, S("<!--")))
		return false;
	/* "<!-->" is a whole one */
	const char *end = memmem(rest.p + 2, rest.n - 2, "-->", 3);
	if (!end) {
		r->no_comment = true;
		return false;
	}
	r->at += (size_t)(end - rest.p) + 3;
	return true;
}

bool tag_next(tag_reader *r, tag *t)
{
	span rest = span_sub(r->text, r->at, r->text.n);
	*t = (tag){.name = S(""), .attributes = S("")};
	if (rest.n < 2 || r->no_end)
		return false;
	t->closes = rest.p[1] == '/';
	size_t from = 1 + t->closes, n = from;
	bool named = from < rest.n && ascii_alpha((unsigned char)rest.p[from]);
	if (!named && rest.p[1] != '!' && rest.p[1] != '?' && !t->closes)
		return false;
	if (comment(r))
		return true;
	size_t end = named ? tag_end(r) : first_end(r, r->at);
	if (end == r->text.n) {
		r->no_end = true;
		return false;
	}
	rest.n = end - r->at;
	while (named && n < rest.n && !blank(rest.p[n]) && rest.p[n] != '/')
		n++;
	t->name = span_sub(rest, from, n);
	t->attributes = span_sub(rest, n, rest.n);
	r->at = end + 1;
	return true;
}

void tag_skip_element(tag_reader *r, span name)
{
	while (r->at < r->text.n) {
		span rest = span_sub(r->text, r->at, r->text.n);
		size_t at = span_find(rest, '<');
		r->at += at;
		rest = span_sub(rest, at, rest.n);
		if (span_starts(rest, S("</")) && span_startsi(span_sub(rest, 2, rest.n), name)) {
			r->at += span_find(rest, '>');
			r->at += r->at < r->text.n;
			return;
		}
		r->at += r->at < r->text.n;
	}
}

bool tag_attribute(const tag *t, const char *name, span *value)
{
	span s = t->attributes;
	size_t i = 0;
	while (i < s.n) {
		while (i < s.n && (blank(s.p[i]) || s.p[i] == '/'))
			i++;
		size_t from = i;
		while (i < s.n && !blank(s.p[i]) && s.p[i] != '=')
			i++;
		span found = span_sub(s, from, i);
		while (i < s.n && blank(s.p[i]))
			i++;
		*value = S("");
		if (i < s.n && s.p[i] == '=') {
			for (i++; i < s.n && blank(s.p[i]); i++)
				;
			char quote = i < s.n && (s.p[i] == '"' || s.p[i] == '\'') ? s.p[i] : 0;
			from = i += quote != 0;
			while (i < s.n && (quote ? s.p[i] != quote : !blank(s.p[i])))
				i++;
			*value = span_sub(s, from, i);
			i += quote && i < s.n;
		}
		if (span_eqi(found, span_str(name)))
			return true;
	}
	return false;
}
