/* links: mail io base : z */
/* The first octet chooses the charset: what comes out is UTF-8, or ASCII where the charset is unknown. */
#include <stdlib.h>

#include "mail/charset.h"
#include "mail/hangul.h"
#include "mail/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"",	     "us-ascii",    "utf-8",	   "euc-kr",
					    "johab", "iso-2022-kr", "iso-8859-1",  "no-such",
					    "utf-7", "gb2312",	    "iso-2022-jp", "shift_jis"};
	static conv *converters;
	if (!converters)
		converters = conv_new();
	if (size < 1)
		return 0;
	charset_opener opener = conv_opener(converters);
	span octets = span_of((const char *)data + 1, size - 1);
	str to = str_new(1 << 22);
	bool known = charset_text(&opener, span_str(names[data[0] % 12]), octets, &to);
	if (!utf8_valid(str_span(&to)) || (octets.n < 100000 && to.over))
		abort();
	for (size_t i = 0; !known && i < to.n; i++)
		if ((unsigned char)to.p[i] >= 0x80)
			abort();
	size_t before = to.n;
	(void)str_put(&to, octets);
	hangul_compose(&to, before);
	if (to.n > before + octets.n)
		abort();
	str_free(&to);
	return 0;
}
