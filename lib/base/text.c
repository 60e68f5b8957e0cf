#include "base/text.h"

/* Octets of the UTF-8 character at the front; 0 where there is none (RFC 3629, 4). */
static size_t utf8_size(span s)
{
	const unsigned char *u = (const unsigned char *)s.p;
	size_t n = u[0] < 0x80	 ? 1
		   : u[0] < 0xc2 ? 0
		   : u[0] < 0xe0 ? 2
		   : u[0] < 0xf0 ? 3
		   : u[0] < 0xf5 ? 4
				 : 0;
	if (n == 0 || n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
	    (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
		return 0;
	return n;
}

void text_json(span s, str *to)
{
	str_putc(to, '"');
	while (s.n) {
		size_t n = utf8_size(s);
		unsigned char c = (unsigned char)s.p[0];
		if (n == 0)
			str_put(to, S("\xef\xbf\xbd"));
		else if (c == '"' || c == '\\')
			str_put(to, span_of((char[]){'\\', (char)c}, 2));
		else if (c < 0x20 || c == 0x7f)
			str_printf(to, "\\u%04x", c);
		else
			str_put(to, span_sub(s, 0, n));
		s = span_sub(s, n ? n : 1, s.n);
	}
	str_putc(to, '"');
}

void text_tsv(span s, str *to)
{
	for (size_t i = 0; i < s.n; i++)
		switch (s.p[i]) {
		case '\t':
			str_put(to, S("\\t"));
			break;
		case '\n':
			str_put(to, S("\\n"));
			break;
		case '\\':
			str_put(to, S("\\\\"));
			break;
		default:
			str_putc(to, s.p[i]);
		}
}
