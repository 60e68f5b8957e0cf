#include "mail/utf8.h"

#include <string.h>

static bool tail(span s, size_t at)
{
	return at < s.n && ((unsigned char)s.p[at] & 0xc0) == 0x80;
}

/* RFC 3629, 4: the second octet alone tells overlong forms, surrogates and what is too high. */
static bool second_fits(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0;
	case 0xed:
		return second < 0xa0;
	case 0xf0:
		return second >= 0x90;
	case 0xf4:
		return second < 0x90;
	default:
		return true;
	}
}

size_t utf8_char(span s)
{
	unsigned char c;
	if (s.n == 0)
		return 0;
	c = (unsigned char)s.p[0];
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4 || !tail(s, 1) || !second_fits(c, (unsigned char)s.p[1]))
		return 0;
	if (c < 0xe0)
		return 2;
	if (!tail(s, 2))
		return 0;
	if (c < 0xf0)
		return 3;
	return tail(s, 3) ? 4 : 0;
}

/* Most text is ASCII, or has long pieces of it. */
static size_t ascii_front(span s)
{
	size_t n = 0;
	uint64_t eight;
	for (; s.n - n >= sizeof eight; n += sizeof eight) {
		memcpy(&eight, s.p + n, sizeof eight);
		if (eight & 0x8080808080808080u)
			break;
	}
	return n;
}

bool utf8_valid(span s)
{
	while (s.n) {
		size_t n = ascii_front(s);
		if (n == 0)
			n = utf8_char(s);
		if (n == 0)
			return false;
		s = (span){s.p + n, s.n - n};
	}
	return true;
}
