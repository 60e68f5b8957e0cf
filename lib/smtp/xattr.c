#include "smtp/xattr.h"

#include "mail/envelope.h"

static const char names[XATTRS][8] = {"NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"};

enum { VALUE_MAX = 255 };

static bool text_only(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] > 0x7e)
			return false;
	return s.n <= VALUE_MAX;
}

/* Octets of an address; whether it is one says who makes it one. */
static bool address_like(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_alnum((unsigned char)s.p[i]) && s.p[i] != '.' && s.p[i] != ':')
			return false;
	return true;
}

static bool domain_like(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_alnum((unsigned char)s.p[i]) && !memchr("-._", s.p[i], 3))
			return false;
	return true;
}

static bool good(enum xattr_name which, span *value)
{
	uint64_t port;
	if (span_eqi(*value, S("[UNAVAILABLE]")) || span_eqi(*value, S("[TEMPUNAVAIL]")))
		*value = S("");
	if (which == XATTR_ADDR && span_startsi(*value, S("IPV6:")))
		*value = span_sub(*value, 5, value->n);
	if (!text_only(*value))
		return false;
	if (value->n == 0)
		return true;
	switch (which) {
	case XATTR_ADDR:
		return address_like(*value);
	case XATTR_NAME:
		return domain_like(*value);
	case XATTR_PORT:
		return span_u64(*value, 65535, &port);
	default:
		return true;
	}
}

bool xattrs_parse(span args, bool client, arena *mem, xattrs *to)
{
	span word;
	bool any = false;
	*to = (xattrs){.given = {false}};
	for (size_t i = 0; i < XATTRS; i++)
		to->value[i] = S("");
	while ((word = span_word(&args)).n) {
		span rest = word, key = span_cut(&rest, '='), value;
		size_t i = 0, count = client ? XATTR_IDENT : XATTRS;
		while (i < count && !span_eqi(key, span_str(names[i])))
			i++;
		if (i == count || key.n == word.n || to->given[i] ||
		    !xtext_decode(rest, mem, &value) || !good((enum xattr_name)i, &value))
			return false;
		to->value[i] = value;
		to->given[i] = any = true;
	}
	return any;
}
