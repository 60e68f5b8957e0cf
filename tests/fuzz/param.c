/* links: mail io base : z */
/* Values are bounded, and what is read can be written and read again. */
#include <stdlib.h>

#include "mail/param.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena a = arena_new(64 << 20), b = arena_new(64 << 20);
	param_list list, again;
	if (!param_parse(span_of((const char *)data, size), &a, &list) || list.count > PARAM_MAX)
		abort();
	for (size_t i = 0; i < list.count && i < 20; i++) {
		const param *p = list.params + i;
		str out = str_new(1 << 20);
		size_t column = 20;
		(void)str_put(&out, S("x/y"));
		param_write("name", p->value, &column, &out);
		if (!param_parse(str_span(&out), &b, &again) || !param_get(&again, "name") ||
		    !span_eq(param_get(&again, "name")->value, p->value))
			abort();
		str_free(&out);
		arena_reset(&b);
	}
	arena_free(&a);
	arena_free(&b);
	return 0;
}
