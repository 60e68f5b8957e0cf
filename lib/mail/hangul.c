#include "mail/hangul.h"

#include <string.h>

enum { FILLER = 0x3164, FIRST_LETTER = 0x3131, FIRST_VOWEL = 0x314f, LAST_VOWEL = 0x3163 };

/* U+3131 to U+314E, and where they stand among the initials and the finals of Unicode's syllables (3.12 of the
 * Unicode Standard); -1: not there. */
static const signed char initials[] = {0,  1, -1, 2, -1, -1, 3,	 4,  5,	 -1, -1, -1, -1, -1, -1,
				       -1, 6, 7,  8, -1, 9,  10, 11, 12, 13, 14, 15, 16, 17, 18};
static const signed char finals[] = {1,	 2,  3,	 4,  5,	 6,  7,	 -1, 8,	 9,  10, 11, 12, 13, 14,
				     15, 16, 17, -1, 18, 19, 20, 21, 22, -1, 23, 24, 25, 26, 27};

/* A character of U+3000 to U+3FFF, 0 where there is none. */
static unsigned letter(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	if (n < 3 || u[0] != 0xe3)
		return 0;
	return (unsigned)(u[0] & 15) << 12 | (unsigned)(u[1] & 63) << 6 | (u[2] & 63u);
}

static int rank(const signed char *table, unsigned c)
{
	return c >= FIRST_LETTER && c < FIRST_VOWEL ? table[c - FIRST_LETTER] : -1;
}

/* The syllable that twelve octets spell; 0 where they spell none. */
static unsigned syllable(const char *p, size_t n)
{
	if (n < 12 || letter(p, n) != FILLER)
		return 0;
	unsigned vowel = letter(p + 6, n - 6), final = letter(p + 9, n - 9);
	int initial = rank(initials, letter(p + 3, n - 3));
	int last = final == FILLER ? 0 : rank(finals, final);
	if (initial < 0 || vowel < FIRST_VOWEL || vowel > LAST_VOWEL || last < 0)
		return 0;
	return 0xac00 + ((unsigned)initial * 21 + (vowel - FIRST_VOWEL)) * 28 + (unsigned)last;
}

void hangul_compose(str *text, size_t from)
{
	static const char filler[] = "\xe3\x85\xa4";
	char *at = from < text->n ? memmem(text->p + from, text->n - from, filler, 3) : NULL;
	if (!at)
		return;
	size_t to = (size_t)(at - text->p);
	for (size_t i = to; i < text->n;) {
		unsigned c = syllable(text->p + i, text->n - i);
		if (c == 0) {
			text->p[to++] = text->p[i++];
			continue;
		}
		text->p[to++] = (char)(0xe0 | c >> 12);
		text->p[to++] = (char)(0x80 | (c >> 6 & 63));
		text->p[to++] = (char)(0x80 | (c & 63));
		i += 12;
	}
	str_cut(text, to);
}
