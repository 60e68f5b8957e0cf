/* links: mail io base : z */
/* Any octets as a draft: what is written reads back as the same draft, and as a header in 7 bits and short lines, or is
 * refused. */
#include <stdlib.h>

#include "io/conv.h"
#include "mail/draft.h"
#include "mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_header(span header)
{
	header_field f;
	span rest = header;
	size_t n = 0;
	while (header_next(&rest, &f) == HEADER_FIELD)
		n += f.raw.n;
	if (n != header.n)
		abort();
	while (header.n)
		if (span_cut(&header, '\n').n > FIELD_LINE_MAX)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static draft d;
	static conv *c;
	if (!c)
		c = conv_new();
	charset_opener opener = conv_opener(c);
	arena mem = arena_new(64 << 20);
	str once = str_new(64 << 20), twice = str_new(64 << 20), header = str_new(64 << 20);
	span bad;
	draft_init(&d, &mem);
	draft_read(&d, span_of((const char *)data, size), &opener);
	draft_write(&d, &once);
	if (draft_fields(&d, true, &opener, &header, &bad) == FIELD_OK)
		check_header(str_span(&header));
	if (!d.over && !d.not_utf8 && !d.bad_line) {
		draft again;
		draft_init(&again, &mem);
		draft_read(&again, str_span(&once), &opener);
		draft_write(&again, &twice);
		if (!again.over && again.bad_line == 0 && again.n == d.n &&
		    twice.n > once.n + 16 * d.n)
			abort();
	}
	(void)draft_mentions(d.body);
	str_free(&once);
	str_free(&twice);
	str_free(&header);
	arena_free(&mem);
	return 0;
}
