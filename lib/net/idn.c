#include "net/idn.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>

static bool valid_ascii(span name)
{
	if (name.n == 0 || name.n > 253)
		return false;
	while (name.n) {
		bool more = span_find(name, '.') < name.n;
		span label = span_cut(&name, '.');
		if (label.n == 0 || label.n > 63 || (more && name.n == 0))
			return false;
		for (size_t i = 0; i < label.n; i++) {
			unsigned char c = (unsigned char)label.p[i];
			if (!ascii_alnum(c) && c != '_' && (c != '-' || i == 0 || i == label.n - 1))
				return false;
		}
	}
	return true;
}

static bool take(span name, char *to)
{
	if (!valid_ascii(name))
		return false;
	for (size_t i = 0; i < name.n; i++)
		to[i] = ascii_lower(name.p[i]);
	to[name.n] = 0;
	return true;
}

bool idn_to_ascii(span name, char to[static NET_NAME_ROOM])
{
	bool ascii = true;
	char text[512];
	uint8_t *converted = NULL;
	if (span_ends(name, S(".")))
		name.n--;
	for (size_t i = 0; i < name.n; i++)
		ascii = ascii && (unsigned char)name.p[i] < 0x80 && name.p[i];
	if (ascii)
		return take(name, to);
	if (name.n >= sizeof text || memchr(name.p, 0, name.n))
		return false;
	memcpy(text, name.p, name.n);
	text[name.n] = 0;
	int r = idn2_lookup_u8((const uint8_t *)text, &converted,
			       IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES);
	bool ok = r == IDN2_OK && take(span_str((const char *)converted), to);
	if (converted)
		idn2_free(converted);
	return ok;
}
