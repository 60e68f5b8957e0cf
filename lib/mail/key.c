#include "mail/key.h"

#include "mail/utf8.h"

static void put_escaped(str *to, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";
	(void)str_putc(to, '%');
	(void)str_putc(to, hex[c >> 4]);
	(void)str_putc(to, hex[c & 15]);
}

/* The Unicode Standard, 3.12: a syllable is S + (L * 21 + V) * 28 + T, and its letters are at L, V and T. */
enum {
	HANGUL_L = 0x1100,
	HANGUL_V = 0x1161,
	HANGUL_T = 0x11a7,
	HANGUL_S = 0xac00,
	COUNT_L = 19,
	COUNT_V = 21,
	COUNT_T = 28,
};

/* The character of three octets at the front, as all of Hangul has; 0 where there is another one. */
static unsigned three_octets(span s)
{
	if (utf8_char(s) != 3)
		return 0;
	const unsigned char *p = (const unsigned char *)s.p;
	return (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
}

static bool within(unsigned c, unsigned first, unsigned count)
{
	return c >= first && c - first < count;
}

static void put_syllable(unsigned c, str *to)
{
	(void)str_putc(to, (char)(0xe0 | c >> 12));
	(void)str_putc(to, (char)(0x80 | (c >> 6 & 63)));
	(void)str_putc(to, (char)(0x80 | (c & 63)));
}

/* Composes what is at the front; the octets it took, 0 where there is nothing to compose. */
static size_t compose(span s, str *to)
{
	unsigned first = three_octets(s), syllable;
	span rest = span_sub(s, 3, s.n);
	unsigned second = three_octets(rest), last = three_octets(span_sub(s, 6, s.n));
	size_t n = 3;
	if (within(first, HANGUL_L, COUNT_L) && within(second, HANGUL_V, COUNT_V)) {
		syllable =
		    HANGUL_S + ((first - HANGUL_L) * COUNT_V + (second - HANGUL_V)) * COUNT_T;
		n = 6;
	} else if (within(first, HANGUL_S, COUNT_L * COUNT_V * COUNT_T) &&
		   (first - HANGUL_S) % COUNT_T == 0) {
		syllable = first;
		last = second;
	} else {
		return 0;
	}
	if (within(last, HANGUL_T + 1, COUNT_T - 1)) {
		syllable += last - HANGUL_T;
		n += 3;
	}
	put_syllable(syllable, to);
	return n;
}

static void put_spelled(span s, bool (*escaped)(unsigned char c, bool first), str *to)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		size_t n = c == 0xe1 || c >= 0xea ? compose(span_sub(s, i, s.n), to) : 0;
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
