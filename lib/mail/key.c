#include "mail/key.h"

#include "mail/jamo.h"

static void put_escaped(str *to, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";
	(void)str_putc(to, '%');
	(void)str_putc(to, hex[c >> 4]);
	(void)str_putc(to, hex[c & 15]);
}

static void put_spelled(span s, bool (*escaped)(unsigned char c, bool first), str *to)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		size_t n = jamo_lead(c) ? jamo_compose(span_sub(s, i, s.n), to) : 0;
		if (n)
			i += n - 1;
		else if (escaped(c, i == 0))
			put_escaped(to, c);
		else
			(void)str_putc(to, ascii_lower((char)c));
	}
}

static bool not_in_key(unsigned char c, bool first)
{
	return c < 0x20 || c == 0x7f || c == ':' || c == '%' || (c == '#' && first);
}

void key_write(span local, span domain, str *to)
{
	put_spelled(local, not_in_key, to);
	if (domain.n) {
		(void)str_putc(to, '@');
		put_spelled(domain, not_in_key, to);
	}
}

static bool not_in_path(unsigned char c, bool first)
{
	return !ascii_alnum(c) && c < 0x80 && !(c && memchr("_+=@-", c, 5)) && (c != '.' || first);
}

void key_path(span name, str *to)
{
	put_spelled(name, not_in_path, to);
}
