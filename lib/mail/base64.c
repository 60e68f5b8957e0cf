#include "mail/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool base64_write(span octets, str *to)
{
	for (size_t i = 0; i < octets.n; i += 3) {
		size_t have = octets.n - i < 3 ? octets.n - i : 3;
		uint32_t v = 0;
		char four[4];
		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (k < have ? (unsigned char)octets.p[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			four[k] = k <= have ? alphabet[v >> (18 - 6 * k) & 63] : '=';
		if (!str_put(to, span_of(four, 4)))
			return false;
	}
	return true;
}

static bool read_four(const char *four, size_t digits, str *to)
{
	uint32_t v = 0;
	for (size_t k = 0; k < 4; k++) {
		const char *at = k < digits && four[k] ? strchr(alphabet, four[k]) : NULL;
		if (k < digits && !at)
			return false;
		v = v << 6 | (at ? (uint32_t)(at - alphabet) : 0);
	}
	char three[3] = {(char)(v >> 16), (char)(v >> 8 & 0xff), (char)(v & 0xff)};
	for (size_t k = digits - 1; k < 3; k++)
		if (three[k])
			return false;
	return str_put(to, span_of(three, digits - 1));
}

bool base64_read(span text, str *to)
{
	if (text.n % 4)
		return false;
	for (size_t i = 0; i < text.n; i += 4) {
		const char *four = text.p + i;
		size_t digits = 4;
		if (i + 4 == text.n && four[3] == '=')
			digits = four[2] == '=' ? 2 : 3;
		if (!read_four(four, digits, to))
			return false;
	}
	return true;
}
