/* Addresses in a report: the type of an address that is not ASCII is utf-8, with \x{…} where the report must
 * travel without SMTPUTF8 (RFC 6533, 3). */
#include "queue/dsn_address.h"

bool dsn_ascii(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 0x7f)
			return false;
	return true;
}

/* The code point at the front of s, for text that is UTF-8; 0 for what is not. */
static uint32_t code_point(span s, size_t *n)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t more = c >= 0xf0 && c < 0xf8 ? 3 : c >= 0xe0 ? 2 : c >= 0xc2 ? 1 : 0;
	uint32_t v = more == 3 ? c & 7u : more == 2 ? c & 15u : c & 31u;
	*n = 1;
	if (more == 0 || c >= 0xf8 || more >= s.n)
		return 0;
	for (size_t i = 1; i <= more; i++) {
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | ((unsigned char)s.p[i] & 0x3fu);
	}
	*n = more + 1;
	return v;
}

/* utf-8-addr-xtext. */
static void put_embedded(span s, str *to)
{
	while (s.n) {
		unsigned char c = (unsigned char)s.p[0];
		size_t n = 1;
		if (c <= 0x7e && c > 0x20 && c != '\\' && c != '+' && c != '=')
			(void)str_putc(to, (char)c);
		else
			(void)str_printf(to, "\\x{%02X}", c <= 0x7f ? c : code_point(s, &n));
		s = span_sub(s, n, s.n);
	}
}

void dsn_put_line(span s, str *to)
{
	for (size_t i = 0; i < s.n && i < 900; i++)
		(void)str_putc(to, (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ? ' ' : s.p[i]);
}

void dsn_put_typed(span type, span text, bool utf8, str *to)
{
	dsn_put_line(type, to);
	(void)str_put(to, S("; "));
	if (utf8 || dsn_ascii(text))
		dsn_put_line(text, to);
	else
		put_embedded(text, to);
}

void dsn_put_address(const addr *a, bool utf8, str *to)
{
	str text = str_new(4096);
	addr_write(a, &text);
	dsn_put_typed(dsn_ascii(str_span(&text)) ? S("rfc822") : S("utf-8"), str_span(&text), utf8,
		      to);
	str_free(&text);
}
