/* links: mail base */
/* An envelope that is read and written is read as the same again. */
#include <stdlib.h>

#include "mail/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span text = span_of((const char *)data, size), v;
	arena mem = arena_new(8 << 20);
	envelope env, env2;
	size_t used, line;
	if (envelope_parse(text, &mem, &env, &used, &line) == ENVELOPE_OK) {
		str one = str_new(1 << 20), two = str_new(1 << 20);
		envelope_write(&env, &one);
		if (!one.over) {
			if (envelope_parse(str_span(&one), &mem, &env2, &used, &line) !=
				ENVELOPE_OK ||
			    used != one.n || env2.rcpt_count != env.rcpt_count)
				abort();
			envelope_write(&env2, &two);
			if (!span_eq(str_span(&one), str_span(&two)))
				abort();
		}
		(void)envelope_xforward(&env, "HELO", &mem, &v);
		str_free(&one);
		str_free(&two);
	} else if (used != 0) {
		abort();
	}
	if (xtext_decode(text, &mem, &v)) {
		str back = str_new(4 << 20);
		span v2;
		xtext_encode(v, &back);
		if (!back.over && (!xtext_decode(str_span(&back), &mem, &v2) || !span_eq(v, v2)))
			abort();
		str_free(&back);
	}
	arena_free(&mem);
	return 0;
}
