/* links: mail io base : z */
/* A whole message, as a reader shows it: all that is taken out of it lies inside of it or of what it encodes, its text
 * and fields are made, and reading ends. */
#include <stdlib.h>

#include "mail/body.h"
#include "mail/item.h"
#include "mail/shown.h"
#include "mail/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 24 };

static bool count(void *arg, const item *i)
{
	size_t *n = arg;
	if (i->number.n == 0 || (i->uu && (i->name.n == 0 || i->encoding != PART_UUENCODE)))
		abort();
	return ++*n < 500;
}

static void show(const part_tree *t, const body_style *style)
{
	enum body_role *roles = calloc(t->count, sizeof *roles);
	if (!roles)
		abort();
	body_roles(t, roles);
	for (uint32_t i = 0; i < t->count && i < 100; i++) {
		str to = str_new(ROOM);
		if (roles[i] == BODY_TEXT && t->parts[i].kind == PART_MULTIPART)
			abort();
		if (roles[i] == BODY_TEXT)
			body_text(t->parts + i, style, &to);
		body_name(t->parts + i, style->opener, &to);
		str_free(&to);
	}
	free(roles);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static conv *converters;
	if (!converters)
		converters = conv_new();
	if (size == 0)
		return 0;
	charset_opener opener = conv_opener(converters);
	body_style style = {
	    .opener = &opener, .columns = data[0] & 127, .wrap_fixed = data[0] >> 7};
	span message = span_of((const char *)data + 1, size - 1), rest;
	arena a = arena_new(64 << 20);
	part_tree t;
	header_field f;
	size_t n = 0;
	(void)item_walk(message, count, &n);
	if (!part_parse(message, &a, &t))
		abort();
	show(&t, &style);
	rest = t.parts[0].header;
	while (header_next(&rest, &f) == HEADER_FIELD) {
		str to = str_new(ROOM);
		shown_field(&f, &opener, &to);
		str_free(&to);
	}
	arena_free(&a);
	return 0;
}
