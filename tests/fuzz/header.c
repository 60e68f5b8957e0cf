/* links: mail base */
/* The fields follow each other without a gap and make up the header. */
#include <stdlib.h>

#include "mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span text = span_of((const char *)data, size), rest = text;
	header_field f;
	while (header_next(&rest, &f) == HEADER_FIELD) {
		str line = str_new(size);
		if (f.raw.n == 0 || f.name.n == 0 || f.raw.p + f.raw.n != rest.p ||
		    f.name.p != f.raw.p || f.body.p + f.body.n > rest.p)
			abort();
		header_unfold(f.body, &line);
		if (line.over || span_find(str_span(&line), '\n') < line.n)
			abort();
		str_free(&line);
	}
	if (header_size(text) != size - rest.n)
		abort();
	(void)header_count(text, "Received");
	return 0;
}
