#include "mail/display.h"

#include "mail/utf8.h"

typedef struct range {
	uint32_t from, to;
} range;

/* East Asian Width W and F (Unicode 15, UAX #11), neighbours joined where only unassigned ones lie between. */
static const range wide[] = {
    {0x1100, 0x115f},	{0x231a, 0x231b},   {0x2329, 0x232a},	{0x23e9, 0x23ec},
    {0x23f0, 0x23f0},	{0x23f3, 0x23f3},   {0x25fd, 0x25fe},	{0x2614, 0x2615},
    {0x2648, 0x2653},	{0x267f, 0x267f},   {0x2693, 0x2693},	{0x26a1, 0x26a1},
    {0x26aa, 0x26ab},	{0x26bd, 0x26be},   {0x26c4, 0x26c5},	{0x26ce, 0x26ce},
    {0x26d4, 0x26d4},	{0x26ea, 0x26ea},   {0x26f2, 0x26f3},	{0x26f5, 0x26f5},
    {0x26fa, 0x26fa},	{0x26fd, 0x26fd},   {0x2705, 0x2705},	{0x270a, 0x270b},
    {0x2728, 0x2728},	{0x274c, 0x274c},   {0x274e, 0x274e},	{0x2753, 0x2755},
    {0x2757, 0x2757},	{0x2795, 0x2797},   {0x27b0, 0x27b0},	{0x27bf, 0x27bf},
    {0x2b1b, 0x2b1c},	{0x2b50, 0x2b50},   {0x2b55, 0x2b55},	{0x2e80, 0x303e},
    {0x3041, 0x3247},	{0x3250, 0x4dbf},   {0x4e00, 0xa4c6},	{0xa960, 0xa97c},
    {0xac00, 0xd7a3},	{0xf900, 0xfaff},   {0xfe10, 0xfe19},	{0xfe30, 0xfe6b},
    {0xff01, 0xff60},	{0xffe0, 0xffe6},   {0x16fe0, 0x18cd5}, {0x18d00, 0x18d08},
    {0x1aff0, 0x1b2fb}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e},
    {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c},
    {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0},
    {0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc},
    {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e}, {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a},
    {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5},
    {0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6d7}, {0x1f6dc, 0x1f6df},
    {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7f0}, {0x1f90c, 0x1f93a},
    {0x1f93c, 0x1f945}, {0x1f947, 0x1f9ff}, {0x1fa70, 0x1faf8}, {0x20000, 0x3fffd},
};

/* Marks that are drawn on the character before them, and what is not drawn: combining diacritics, Hangul
 * vowels and finals of conjoining Jamo, joiners, variation selectors; the blocks met in mail. */
static const range zero[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a},   {0x064b, 0x065f},
    {0x0900, 0x0902}, {0x093c, 0x093c}, {0x0941, 0x0948}, {0x094d, 0x094d},   {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1160, 0x11ff}, {0x1ab0, 0x1aff},   {0x1dc0, 0x1dff},
    {0x200b, 0x200d}, {0x20d0, 0x20ff}, {0x302a, 0x302d}, {0x3099, 0x309a},   {0xd7b0, 0xd7fb},
    {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef},
};

/* What makes a reader see another text than the one that is there (UAX #9; CVE-2021-42574), and the tags
 * that nobody sees. */
static const range deceiving[] = {
    {0x061c, 0x061c}, {0x200e, 0x200f}, {0x2028, 0x202e},
    {0x2066, 0x206f}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

static bool in_ranges(uint32_t c, const range *r, size_t n)
{
	size_t low = 0;
	while (low < n) {
		size_t mid = low + (n - low) / 2;
		if (c > r[mid].to)
			low = mid + 1;
		else if (c < r[mid].from)
			n = mid;
		else
			return true;
	}
	return false;
}
#define IN(c, table) in_ranges((c), (table), sizeof(table) / sizeof *(table))

/* The code point of a well-formed character of n octets. */
static uint32_t code_point(span s, size_t n)
{
	static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t c = (unsigned char)s.p[0] & mask[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s.p[i] & 0x3f);
	return c;
}

static size_t char_width(span s, size_t n)
{
	if (n <= 1)
		return 1;
	uint32_t c = code_point(s, n);
	return IN(c, zero) ? 0 : IN(c, wide) ? 2 : 1;
}

size_t display_width(span s)
{
	size_t width = 0;
	while (s.n) {
		size_t n = utf8_char(s);
		width += char_width(s, n);
		s = span_sub(s, n ? n : 1, s.n);
	}
	return width;
}

span display_fit(span s, size_t columns)
{
	size_t at = 0;
	while (at < s.n) {
		span rest = span_sub(s, at, s.n);
		size_t n = utf8_char(rest), width = char_width(rest, n);
		if (width > columns)
			break;
		columns -= width;
		at += n ? n : 1;
	}
	return span_sub(s, 0, at);
}

static void put_char(span s, size_t n, bool one_line, str *to)
{
	unsigned char c = (unsigned char)s.p[0];
	if (n == 1 && (c == '\n' || c == '\t')) {
		(void)str_putc(to, one_line ? ' ' : (char)c);
	} else if (n == 1 && (c < ' ' || c == 0x7f)) {
		(void)str_putc(to, '^');
		(void)str_putc(to, (char)(c ^ 0x40));
	} else if (n == 0 || (n == 2 && code_point(s, n) < 0xa0) ||
		   (n > 1 && IN(code_point(s, n), deceiving))) {
		(void)str_put(to, S("\xef\xbf\xbd"));
	} else {
		(void)str_put(to, span_sub(s, 0, n));
	}
}

/* Octets at the front that stay as they are: printable ASCII, Hangul and Chinese characters. */
static size_t harmless(span s)
{
	size_t at = 0;
	while (at < s.n) {
		unsigned char c = (unsigned char)s.p[at];
		if (c >= ' ' && c < 0x7f)
			at++;
		else if (c >= 0xe3 && c <= 0xed && utf8_char(span_of(s.p + at, s.n - at)) == 3)
			at += 3;
		else
			break;
	}
	return at;
}

void display_safe(span s, bool one_line, str *to)
{
	while (s.n) {
		size_t n = harmless(s);
		if (n) {
			(void)str_put(to, span_sub(s, 0, n));
		} else {
			n = utf8_char(s);
			put_char(s, n, one_line, to);
		}
		s = span_sub(s, n ? n : 1, s.n);
	}
}
