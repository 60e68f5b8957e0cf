#include "mail/people.h"

#include <string.h>

#include "mail/word.h"

/* A name whose decoded form could be taken for something else is quoted. */
static void put_name(span raw, const charset_opener *opener, str *to)
{
	str plain = str_new(to->max), name = str_new(to->max);
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n)
			i++;
		else if (raw.p[i] == '"')
			continue;
		(void)str_putc(&plain, raw.p[i]);
	}
	word_decode(str_span(&plain), opener, &name);
	span text = span_trim(str_span(&name));
	bool quoted = false;
	for (size_t i = 0; i < text.n; i++)
		quoted |= text.p[i] && strchr("<>()[]@,;:\"\\", text.p[i]) != NULL;
	if (quoted)
		(void)str_putc(to, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			(void)str_putc(to, '\\');
		(void)str_putc(to, text.p[i]);
	}
	if (quoted)
		(void)str_putc(to, '"');
	str_free(&plain);
	str_free(&name);
}

void people_put(const addr *a, span name, const charset_opener *opener, str *to)
{
	size_t before = to->n;
	if (name.n)
		put_name(name, opener, to);
	bool named = to->n > before;
	if (named)
		(void)str_putc(to, ' ');
	if (named || a->null)
		(void)str_putc(to, '<');
	addr_write(a, to);
	if (named || a->null)
		(void)str_putc(to, '>');
}

typedef struct listing {
	const charset_opener *opener;
	str *to;
	size_t count;
} listing;

static void each(void *arg, const addr *a, span name)
{
	listing *l = arg;
	if (l->count++)
		(void)str_put(l->to, S(", "));
	people_put(a, name, l->opener, l->to);
}

bool people_text(span body, const charset_opener *opener, arena *mem, size_t max, str *to)
{
	listing l = {.opener = opener, .to = to};
	return addr_list(body, mem, max, each, &l) && l.count;
}
