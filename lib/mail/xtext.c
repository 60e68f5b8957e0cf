/* RFC 3461, 4: xtext, the armour of octets inside of SMTP parameters. */
#include "mail/envelope.h"

static int hex(char c)
{
	if (ascii_digit((unsigned char)c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '+' && c != '=';
}

bool xtext_decode(span text, arena *mem, span *decoded)
{
	char *to = arena_alloc(mem, text.n + 1);
	size_t n = 0;
	if (!to)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (c == '+') {
			if (text.n - i < 3 || hex(text.p[i + 1]) < 0 || hex(text.p[i + 2]) < 0)
				return false;
			c = (char)(hex(text.p[i + 1]) << 4 | hex(text.p[i + 2]));
			if (c == '\r' || c == '\n' || c == 0)
				return false;
			i += 2;
		} else if (!plain((unsigned char)c)) {
			return false;
		}
		to[n++] = c;
	}
	*decoded = span_of(to, n);
	return true;
}

void xtext_encode(span octets, str *to)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < octets.n; i++) {
		unsigned char c = (unsigned char)octets.p[i];
		if (plain(c))
			str_putc(to, (char)c);
		else
			str_put(to, span_of((char[]){'+', digits[c >> 4], digits[c & 15]}, 3));
	}
}
