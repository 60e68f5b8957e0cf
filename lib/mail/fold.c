#include "mail/fold.h"

#include <string.h>

#include "mail/jamo.h"
#include "mail/utf8.h"

typedef struct range {
	uint32_t from, to;
	int32_t add; /* 0: small letters follow their capitals, which are even (odd with `odd`) */
	bool odd;
} range;

/* Simple case mapping (Unicode, CaseFolding.txt, status C and S) of the letters met in mail. */
static const range ranges[] = {
    {0x00c0, 0x00d6, 32, false},   {0x00d8, 0x00de, 32, false}, {0x0100, 0x012f, 0, false},
    {0x0132, 0x0137, 0, false},	   {0x0139, 0x0148, 0, true},	{0x014a, 0x0177, 0, false},
    {0x0178, 0x0178, -121, false}, {0x0179, 0x017e, 0, true},	{0x0386, 0x0386, 38, false},
    {0x0388, 0x038a, 37, false},   {0x038c, 0x038c, 64, false}, {0x038e, 0x038f, 63, false},
    {0x0391, 0x03a1, 32, false},   {0x03a3, 0x03ab, 32, false}, {0x03c2, 0x03c2, 1, false},
    {0x0400, 0x040f, 80, false},   {0x0410, 0x042f, 32, false}, {0x0460, 0x0481, 0, false},
    {0x048a, 0x04bf, 0, false},	   {0x04d0, 0x052f, 0, false},	{0x0531, 0x0556, 48, false},
    {0x1e00, 0x1e95, 0, false},	   {0x1ea0, 0x1eff, 0, false},	{0x2160, 0x216f, 16, false},
    {0x24b6, 0x24cf, 26, false},   {0xff21, 0xff3a, 32, false},
};

static uint32_t small(uint32_t c)
{
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		const range *r = ranges + i;
		if (c < r->from || c > r->to)
			continue;
		if (r->add)
			return (uint32_t)((int32_t)c + r->add);
		return (c & 1) == r->odd ? c + 1 : c;
	}
	return c;
}

static void put_point(uint32_t c, str *to)
{
	char o[3];
	size_t n = 0;
	if (c < 0x800) {
		o[n++] = (char)(0xc0 | c >> 6);
	} else {
		o[n++] = (char)(0xe0 | c >> 12);
		o[n++] = (char)(0x80 | (c >> 6 & 63));
	}
	o[n++] = (char)(0x80 | (c & 63));
	(void)str_put(to, span_of(o, n));
}

/* A character of two or three octets: those of four have case in dead scripts only. */
static size_t put_wide(span s, str *to)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = utf8_char(s);
	if (n == 2 || (n == 3 && (p[0] == 0xe1 || p[0] == 0xe2 || p[0] == 0xef))) {
		uint32_t c = n == 2 ? (p[0] & 31u) << 6 | (p[1] & 63u)
				    : (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
		if (c != 0xa0)
			put_point(small(c), to);
		else if (!to->n || to->p[to->n - 1] != ' ') /* no-break space */
			(void)str_putc(to, ' ');
		return n;
	}
	n = n ? n : 1;
	(void)str_put(to, span_sub(s, 0, n));
	return n;
}

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The ASCII text at the front, without a call for each octet. */
static size_t put_ascii(span s, str *to)
{
	char piece[64];
	size_t at = 0, n = 0;
	while (at < s.n && n < sizeof piece && (unsigned char)s.p[at] < 0x80) {
		char c = s.p[at];
		if (!blank(c)) {
			piece[n++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
			at++;
			continue;
		}
		while (at < s.n && blank(s.p[at]))
			at++;
		piece[n++] = ' ';
	}
	bool twice = n && piece[0] == ' ' && to->n && to->p[to->n - 1] == ' ';
	(void)str_put(to, span_of(piece + twice, n - twice));
	return at;
}

/* Hangul syllables and Chinese characters at the front that stay what they are: no letter of Hangul, which might
 * belong to a syllable, follows. */
static size_t put_syllables(span s, str *to)
{
	size_t at = 0;
	while (at + 3 <= s.n) {
		unsigned char c = (unsigned char)s.p[at];
		if (c < 0xe3 || c > 0xed || utf8_char((span){s.p + at, s.n - at}) != 3)
			break;
		at += 3;
	}
	if (at && at < s.n && (unsigned char)s.p[at] == 0xe1)
		at -= 3;
	(void)str_put(to, (span){s.p, at});
	return at;
}

void fold_text(span s, str *to)
{
	while (s.n && !to->over) {
		unsigned char c = (unsigned char)s.p[0];
		size_t n = c < 0x80 ? put_ascii(s, to) : put_syllables(s, to);
		if (n == 0 && jamo_lead(c))
			n = jamo_compose(s, to);
		if (n == 0)
			n = put_wide(s, to);
		s = span_sub(s, n, s.n);
	}
}

bool fold_find(span form, span part)
{
	return part.n == 0 || memmem(form.p, form.n, part.p, part.n) != NULL;
}
