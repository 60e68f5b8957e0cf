#include "imap/text.h"

#include <string.h>

#include "mail/header.h"

enum { PLAIN, ESCAPED, LITERAL, DROPPED, KINDS };

static unsigned kinds_in(span s)
{
	static const unsigned char kind[256] = {
	    [0] = DROPPED,   ['\r'] = LITERAL, ['\n'] = LITERAL,
	    ['"'] = ESCAPED, ['\\'] = ESCAPED, [0x80 ... 0xff] = LITERAL,
	};
	unsigned found = 0;
	for (size_t i = 0; i < s.n; i++)
		found |= 1u << kind[(unsigned char)s.p[i]];
	return found;
}

static void put_escaped(span s, str *to)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			(void)str_putc(to, '\\');
		(void)str_putc(to, s.p[i]);
	}
}

static void put_whole(span s, unsigned found, str *to)
{
	if (found & 1u << LITERAL) {
		(void)str_putc(to, '{');
		(void)str_putu(to, s.n);
		(void)str_put(to, S("}\r\n"));
		(void)str_put(to, s);
		return;
	}
	(void)str_putc(to, '"');
	if (found & 1u << ESCAPED)
		put_escaped(s, to);
	else
		(void)str_put(to, s);
	(void)str_putc(to, '"');
}

void imap_put_string(span s, str *to)
{
	unsigned found = kinds_in(s);
	if (!(found & 1u << DROPPED)) {
		put_whole(s, found, to);
		return;
	}
	str kept = str_new(s.n);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i])
			(void)str_putc(&kept, s.p[i]);
	put_whole(str_span(&kept), found, to);
	str_free(&kept);
}

void imap_put_nstring(span s, str *to)
{
	if (s.p)
		imap_put_string(s, to);
	else
		(void)str_put(to, S("NIL"));
}

void imap_put_field(span body, str *to)
{
	if (!body.p) {
		(void)str_put(to, S("NIL"));
		return;
	}
	body = span_trim(body);
	unsigned found = kinds_in(body);
	bool folded =
	    found & 1u << LITERAL && (memchr(body.p, '\n', body.n) || memchr(body.p, '\r', body.n));
	if (!folded) {
		imap_put_string(body, to);
		return;
	}
	str line = str_new(body.n + 1);
	header_unfold(body, &line);
	for (size_t i = 0; i < line.n; i++) /* bare ones */
		if (line.p[i] == '\r' || line.p[i] == '\n')
			line.p[i] = ' ';
	imap_put_string(str_span(&line), to);
	str_free(&line);
}
