/* links: mail io base : z */
/* Any octets: what is found and what is left are the text again, in its order. */
#include <stdlib.h>

#include "mail/code.h"
#include "mail/uu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span text = span_of((const char *)data, size), rest = text;
	uu_file f;
	const char *at = text.p;
	while (uu_next(&rest, &f)) {
		str octets = str_new(size + 1);
		if (f.before.p != at || f.lines.p != at + f.before.n || f.lines.n < 13)
			abort();
		at = f.lines.p + f.lines.n;
		if (rest.p != at || f.name.n == 0 || !span_starts(f.lines, S("begin ")))
			abort();
		code_decode(PART_UUENCODE, f.lines, &octets);
		if (octets.over)
			abort();
		str_free(&octets);
	}
	if (rest.p + rest.n != text.p + text.n)
		abort();
	return 0;
}
