#include "mail/key.h"

static void put_escaped(str *to, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";
	(void)str_putc(to, '%');
	(void)str_putc(to, hex[c >> 4]);
	(void)str_putc(to, hex[c & 15]);
}

static void put_local(span local, str *to)
{
	for (size_t i = 0; i < local.n; i++) {
		unsigned char c = (unsigned char)local.p[i];
		if (c < 0x20 || c == 0x7f || c == ':' || c == '%' || (c == '#' && i == 0))
			put_escaped(to, c);
		else
			(void)str_putc(to, ascii_lower((char)c));
	}
}

void key_write(span local, span domain, str *to)
{
	put_local(local, to);
	if (domain.n) {
		(void)str_putc(to, '@');
		put_local(domain, to);
	}
}

void key_path(span name, str *to)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];
		if (ascii_alnum(c) || c >= 0x80 || memchr("_+=@-", c, 5) || (c == '.' && i > 0))
			(void)str_putc(to, ascii_lower((char)c));
		else
			put_escaped(to, c);
	}
}
