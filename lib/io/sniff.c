#include "io/sniff.h"

#include <magic.h>

#include "base/die.h"

enum { LOOK = 65536 };

struct sniff {
	magic_t cookie;
};

sniff *sniff_open(void)
{
	magic_t cookie = magic_open(MAGIC_MIME_TYPE | MAGIC_ERROR);
	if (!cookie)
		return NULL;
	if (magic_load(cookie, NULL) < 0) {
		errno = magic_errno(cookie) ? magic_errno(cookie) : ENOENT;
		magic_close(cookie);
		return NULL;
	}
	sniff *s = xmalloc(sizeof *s);
	s->cookie = cookie;
	return s;
}

void sniff_close(sniff *s)
{
	if (!s)
		return;
	magic_close(s->cookie);
	free(s);
}

void sniff_type(sniff *s, span octets, str *to)
{
	octets = span_sub(octets, 0, LOOK);
	const char *type = magic_buffer(s->cookie, octets.p, octets.n);
	(void)str_put(to, type ? span_str(type) : S("application/octet-stream"));
}
