/* links: mail base */
/* What is shown obeys no terminal and is UTF-8; what names a file is one harmless component. */
#include <stdlib.h>
#include <string.h>

#include "mail/display.h"
#include "mail/filename.h"
#include "mail/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void harmless(span s, bool one_line)
{
	if (!utf8_valid(s))
		abort();
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool line = c == '\n' || c == '\t';
		if ((c < ' ' && (one_line || !line)) || c == 0x7f)
			abort();
		if (c == 0xc2 && (unsigned char)s.p[i + 1] < 0xa0) /* C1 */
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	span text = span_of((const char *)data + 1, size - 1);
	str to = str_new(size * 4 + 100);
	display_safe(text, data[0] & 1, &to);
	harmless(str_span(&to), data[0] & 1);
	span fit = display_fit(str_span(&to), data[0] >> 1);
	if (!utf8_valid(fit) || display_width(fit) > data[0] >> 1u)
		abort();
	str_clear(&to);
	filename_safe(text, S("fallback"), &to);
	span name = str_span(&to);
	if (name.n == 0 || name.n > FILENAME_MAX_OCTETS || name.p[0] == '.' || name.p[0] == '-' ||
	    memchr(name.p, '/', name.n) || memchr(name.p, '\\', name.n))
		abort();
	harmless(name, true);
	str_free(&to);
	return 0;
}
