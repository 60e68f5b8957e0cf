/* links: mail base */
/* Any octets; the output is bounded by the input. */
#include <stdlib.h>

#include "mail/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	span text = span_of((const char *)data + 1, size - 1);
	str to = str_new(1 << 26);
	html_text(text, data[0], &to);
	if (to.n > 1000 * size + 1000 || to.over)
		abort();
	(void)html_charset(text);
	str_free(&to);
	return 0;
}
