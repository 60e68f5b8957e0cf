#include "base/span.h"

#include <string.h>

span span_of(const char *p, size_t n)
{
	return (span){p, n};
}

span span_str(const char *cstr)
{
	return cstr ? (span){cstr, strlen(cstr)} : (span){"", 0};
}

bool span_eq(span a, span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool ascii_alpha(unsigned char c)
{
	return (unsigned)((c | 0x20) - 'a') < 26;
}

bool ascii_digit(unsigned char c)
{
	return (unsigned)(c - '0') < 10;
}

bool ascii_alnum(unsigned char c)
{
	return ascii_alpha(c) || ascii_digit(c);
}

bool span_eqi(span a, span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

bool span_starts(span s, span prefix)
{
	return s.n >= prefix.n && span_eq(span_sub(s, 0, prefix.n), prefix);
}

bool span_startsi(span s, span prefix)
{
	return s.n >= prefix.n && span_eqi(span_sub(s, 0, prefix.n), prefix);
}

bool span_ends(span s, span suffix)
{
	return s.n >= suffix.n && span_eq(span_sub(s, s.n - suffix.n, s.n), suffix);
}

int span_cmp(span a, span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;
	return c ? c : (a.n > b.n) - (a.n < b.n);
}

size_t span_find(span s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
	return at ? (size_t)(at - s.p) : s.n;
}

size_t span_rfind(span s, char c)
{
	const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;
	return at ? (size_t)(at - s.p) : s.n;
}

span span_sub(span s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from > to)
		from = to;
	return (span){from ? s.p + from : s.p, to - from}; /* NULL + 0 is not defined */
}

span span_cut(span *rest, char c)
{
	size_t at = span_find(*rest, c);
	span front = span_sub(*rest, 0, at);
	*rest = span_sub(*rest, at + (at < rest->n), rest->n);
	return front;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

span span_word(span *rest)
{
	size_t from = 0, to;
	while (from < rest->n && blank(rest->p[from]))
		from++;
	for (to = from; to < rest->n && !blank(rest->p[to]);)
		to++;
	span word = span_sub(*rest, from, to);
	*rest = span_sub(*rest, to, rest->n);
	return word;
}

static bool space(char c)
{
	return blank(c) || c == '\r' || c == '\n';
}

span span_trim(span s)
{
	while (s.n && space(s.p[s.n - 1]))
		s.n--;
	while (s.n && space(s.p[0]))
		s.p++, s.n--;
	return s;
}

span span_chomp(span s)
{
	if (s.n && s.p[s.n - 1] == '\n') {
		s.n--;
		if (s.n && s.p[s.n - 1] == '\r')
			s.n--;
	}
	return s;
}

bool span_u64(span s, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t digit = (unsigned char)s.p[i] - (uint64_t)'0';
		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (v > max)
		return false;
	*value = v;
	return true;
}

bool size_add(size_t a, size_t b, size_t *sum)
{
	size_t s;
	if (__builtin_add_overflow(a, b, &s))
		return false;
	*sum = s;
	return true;
}

bool size_mul(size_t a, size_t b, size_t *product)
{
	size_t s;
	if (__builtin_mul_overflow(a, b, &s))
		return false;
	*product = s;
	return true;
}
