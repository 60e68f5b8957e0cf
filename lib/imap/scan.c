#include "imap/scan.h"

#include <string.h>

static const size_t LINE_END = 2; /* behind "{5}" */

bool imap_end(const imap_scan *s)
{
	return s->rest.n == 0;
}

bool imap_char(imap_scan *s, char c)
{
	if (!s->rest.n || *s->rest.p != c)
		return false;
	s->rest = span_sub(s->rest, 1, s->rest.n);
	return true;
}

/* RFC 3501, 9: atom-specials are "(" ")" "{" SP CTL "%" "*" DQUOTE "\" "]". */
bool imap_is_atom_char(unsigned char c)
{
	return c > 0x20 && c < 0x7f && !strchr("(){%*\"\\]", c);
}

static bool take(imap_scan *s, size_t n, span *to)
{
	if (!n)
		return false;
	*to = span_sub(s->rest, 0, n);
	s->rest = span_sub(s->rest, n, s->rest.n);
	return true;
}

/* Octets of atom at the front, and of those in `more`. */
static size_t run(span text, const char *more)
{
	size_t n = 0;
	while (n < text.n && (imap_is_atom_char((unsigned char)text.p[n]) ||
			      (text.p[n] && strchr(more, text.p[n]))))
		n++;
	return n;
}

bool imap_atom(imap_scan *s, span *to)
{
	return take(s, run(s->rest, ""), to);
}

bool imap_word(imap_scan *s, const char *keyword)
{
	span word = span_sub(s->rest, 0, run(s->rest, ""));
	if (!span_eqi(word, span_str(keyword)))
		return false;
	return take(s, word.n, &word);
}

/* The text between the quotes; *plain: it holds no "\". Octets of it with both quotes, 0 where it is none. */
static size_t quoted(const imap_scan *s, bool *plain)
{
	*plain = true;
	for (size_t i = 1; i < s->rest.n; i++) {
		unsigned char c = (unsigned char)s->rest.p[i];
		if (c == '"')
			return i + 1;
		if (c == '\\') {
			*plain = false;
			if (++i == s->rest.n || (s->rest.p[i] != '"' && s->rest.p[i] != '\\'))
				return 0;
		} else if (c == 0 || c == '\r' || c == '\n' || (c >= 0x80 && !s->utf8)) {
			return 0;
		}
	}
	return 0;
}

static bool unescape(arena *mem, span *text)
{
	char *to = arena_alloc(mem, text->n);
	size_t n = 0;
	if (!to)
		return false;
	for (size_t i = 0; i < text->n; i++) {
		i += text->p[i] == '\\';
		to[n++] = text->p[i];
	}
	*text = span_of(to, n);
	return true;
}

/* "{n}" or "{n+}", CRLF, n octets. The reader saw to it that they are there; a text from elsewhere may lack them. */
static bool literal(imap_scan *s, span *to)
{
	span rest = span_sub(s->rest, 1, s->rest.n), number = span_cut(&rest, '}');
	uint64_t n;
	if (number.n && number.p[number.n - 1] == '+')
		number.n--;
	if (!span_starts(rest, S("\r\n")) || !span_u64(number, rest.n - LINE_END, &n))
		return false;
	*to = span_sub(rest, LINE_END, LINE_END + (size_t)n);
	s->rest = span_sub(rest, LINE_END + (size_t)n, rest.n);
	return true;
}

bool imap_string(imap_scan *s, span *to)
{
	bool plain;
	if (s->rest.n && *s->rest.p == '{')
		return literal(s, to);
	if (!s->rest.n || *s->rest.p != '"')
		return false;
	size_t n = quoted(s, &plain);
	span text = span_sub(s->rest, 1, n ? n - 1 : 1);
	if (!n || (!plain && !unescape(s->mem, &text)))
		return false;
	s->rest = span_sub(s->rest, n, s->rest.n);
	*to = text;
	return true;
}

bool imap_astring(imap_scan *s, span *to)
{
	return take(s, run(s->rest, "]"), to) || imap_string(s, to);
}

bool imap_nstring(imap_scan *s, span *to)
{
	if (imap_word(s, "NIL")) {
		*to = (span){NULL, 0};
		return true;
	}
	return imap_string(s, to);
}

bool imap_list_mailbox(imap_scan *s, span *to)
{
	return take(s, run(s->rest, "]%*"), to) || imap_string(s, to);
}

bool imap_flag(imap_scan *s, span *to)
{
	bool named = s->rest.n && *s->rest.p == '\\';
	size_t n = run(span_sub(s->rest, named, s->rest.n), "");
	return take(s, n ? named + n : 0, to);
}

static bool digits(imap_scan *s, uint64_t max, uint64_t *value)
{
	span text;
	size_t n = 0;
	while (n < s->rest.n && ascii_digit((unsigned char)s->rest.p[n]))
		n++;
	return span_u64(span_sub(s->rest, 0, n), max, value) && take(s, n, &text);
}

bool imap_number(imap_scan *s, uint32_t *to)
{
	uint64_t value;
	if (!digits(s, UINT32_MAX, &value))
		return false;
	*to = (uint32_t)value;
	return true;
}

bool imap_number64(imap_scan *s, uint64_t *to)
{
	return digits(s, INT64_MAX, to);
}
