/* links: mail base */
/* Any octets in any width; the text ends with a line end, and memory stays in proportion. */
#include <stdlib.h>

#include "mail/flowed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	span text = span_of((const char *)data + 1, size - 1);
	str to = str_new(1 << 24);
	flowed_text(text, data[0] & 1, data[0] >> 1, &to);
	if (to.n == 0 || to.p[to.n - 1] != '\n' || to.n > 100 * size + 100)
		abort();
	str_clear(&to);
	flowed_fixed(text, data[0] >> 1, &to);
	if (to.n == 0 || to.p[to.n - 1] != '\n')
		abort();
	str_free(&to);
	return 0;
}
