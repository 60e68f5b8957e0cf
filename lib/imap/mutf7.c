#include "imap/mutf7.h"

#include "mail/utf8.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
enum { REPLACEMENT = 0xfffd };

static bool plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f;
}

static int value(char c)
{
	const char *at = c ? strchr(letters, c) : NULL;
	return at ? (int)(at - letters) : -1;
}

static void put_utf8(uint32_t c, str *to)
{
	if (c < 0x80) {
		(void)str_putc(to, (char)c);
	} else if (c < 0x800) {
		(void)str_putc(to, (char)(0xc0 | c >> 6));
		(void)str_putc(to, (char)(0x80 | (c & 63)));
	} else {
		if (c < 0x10000) {
			(void)str_putc(to, (char)(0xe0 | c >> 12));
		} else {
			(void)str_putc(to, (char)(0xf0 | c >> 18));
			(void)str_putc(to, (char)(0x80 | (c >> 12 & 63)));
		}
		(void)str_putc(to, (char)(0x80 | (c >> 6 & 63)));
		(void)str_putc(to, (char)(0x80 | (c & 63)));
	}
}

/* One unit of UTF-16; *high is the first half of a pair, 0 where none waits. */
static bool put_unit(uint32_t unit, uint32_t *high, str *to)
{
	if (*high) {
		if (unit < 0xdc00 || unit > 0xdfff)
			return false;
		put_utf8(0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00), to);
		*high = 0;
		return true;
	}
	if (unit >= 0xdc00 && unit <= 0xdfff)
		return false;
	if (unit >= 0xd800 && unit <= 0xdbff) {
		*high = unit;
		return true;
	}
	if (unit < 0x80 && plain((unsigned char)unit))
		return false;
	put_utf8(unit, to);
	return true;
}

/* Between "&" and "-". */
static bool read_base64(span text, str *to)
{
	uint32_t bits = 0, high = 0;
	unsigned n = 0;
	for (size_t i = 0; i < text.n; i++) {
		int v = value(text.p[i]);
		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		n += 6;
		if (n >= 16) {
			n -= 16;
			if (!put_unit(bits >> n & 0xffff, &high, to))
				return false;
		}
	}
	return !high && n < 6 && (bits & ((1u << n) - 1)) == 0;
}

bool mutf7_read(span text, str *to)
{
	while (text.n) {
		if (!plain((unsigned char)*text.p))
			return false;
		if (*text.p != '&') {
			(void)str_putc(to, *text.p);
			text = span_sub(text, 1, text.n);
			continue;
		}
		size_t end = span_find(text, '-');
		if (end == text.n || (end > 1 && !read_base64(span_sub(text, 1, end), to)))
			return false;
		if (end == 1)
			(void)str_putc(to, '&');
		text = span_sub(text, end + 1, text.n);
		/* a shift right behind another is superfluous (RFC 3501, 5.1.3); "&-" is the octet */
		if (end > 1 && text.n > 1 && text.p[0] == '&' && text.p[1] != '-')
			return false;
	}
	return !to->over;
}

/* ---- writing */

static uint32_t take_char(span *s)
{
	size_t n = utf8_char(*s);
	const unsigned char *p = (const unsigned char *)s->p;
	uint32_t c = n == 1   ? p[0]
		     : n == 2 ? (uint32_t)(p[0] & 31) << 6 | (p[1] & 63)
		     : n == 3
			 ? (uint32_t)(p[0] & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63)
		     : n == 4 ? (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 63) << 12 |
				    (uint32_t)(p[2] & 63) << 6 | (p[3] & 63)
			      : REPLACEMENT;
	*s = span_sub(*s, n ? n : 1, s->n);
	return c;
}

typedef struct packer {
	uint32_t bits;
	unsigned n;
	str *to;
} packer;

static void pack(packer *p, uint32_t unit)
{
	p->bits = p->bits << 16 | unit;
	p->n += 16;
	while (p->n >= 6) {
		p->n -= 6;
		(void)str_putc(p->to, letters[p->bits >> p->n & 63]);
	}
}

static void write_base64(span *s, str *to)
{
	packer p = {.to = to};
	(void)str_putc(to, '&');
	while (s->n && !plain((unsigned char)*s->p)) {
		uint32_t c = take_char(s);
		if (c < 0x10000) {
			pack(&p, c);
		} else {
			pack(&p, 0xd800 + ((c - 0x10000) >> 10));
			pack(&p, 0xdc00 + ((c - 0x10000) & 0x3ff));
		}
	}
	if (p.n)
		(void)str_putc(to, letters[p.bits << (6 - p.n) & 63]);
	(void)str_putc(to, '-');
}

void mutf7_write(span s, str *to)
{
	while (s.n) {
		if (!plain((unsigned char)*s.p)) {
			write_base64(&s, to);
			continue;
		}
		(void)str_putc(to, *s.p);
		if (*s.p == '&')
			(void)str_putc(to, '-');
		s = span_sub(s, 1, s.n);
	}
}
