/* links: mail io base : z */
/* What is written is ASCII and reads back as the same text. */
#include <stdlib.h>

#include "mail/utf8.h"
#include "mail/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static conv *converters;
	if (!converters)
		converters = conv_new();
	charset_opener opener = conv_opener(converters);
	span text = span_of((const char *)data, size);
	str decoded = str_new(1 << 22), written = str_new(1 << 22), back = str_new(1 << 22);
	word_decode(text, &opener, &decoded);
	span line = span_trim(text);
	bool plain = utf8_valid(line);
	for (size_t i = 0; i < line.n; i++)
		plain = plain && (unsigned char)line.p[i] >= ' ' && line.p[i] != 0x7f;
	if (plain) {
		size_t column = 9;
		word_encode(line, false, &column, &written);
		for (size_t i = 0; i < written.n; i++)
			if ((unsigned char)written.p[i] >= 0x80)
				abort();
		word_decode(str_span(&written), &opener, &back);
		/* a word glued to others is no encoded word by the standard, but is read as one */
		if (span_find(line, '=') == line.n && !span_eq(str_span(&back), line))
			abort();
	}
	str_free(&decoded);
	str_free(&written);
	str_free(&back);
	return 0;
}
