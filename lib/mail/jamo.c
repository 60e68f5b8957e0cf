#include "mail/jamo.h"

#include "mail/utf8.h"

/* A syllable is S + (L * 21 + V) * 28 + T, and its letters are at L, V and T. */
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

bool jamo_lead(unsigned char c)
{
	return c == 0xe1 || (c >= 0xea && c <= 0xed);
}

size_t jamo_compose(span s, str *to)
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
