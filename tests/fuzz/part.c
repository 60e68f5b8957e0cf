/* links: mail io base : z */
/* Every part lies inside of its parent; numbers lead back to their part; reading ends. */
#include <stdlib.h>

#include "mail/part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(span outer, span inner)
{
	if (inner.n && (inner.p < outer.p || inner.p + inner.n > outer.p + outer.n))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span text = span_of((const char *)data, size);
	arena a = arena_new(64 << 20);
	part_tree t;
	if (!part_parse(text, &a, &t) || t.count == 0)
		abort();
	for (uint32_t i = 0; i < t.count && i < 200; i++) {
		const part *p = t.parts + i;
		str number = str_new(4096);
		inside(text, p->header);
		inside(p->parent == PART_NONE ? text : t.parts[p->parent].body, p->body);
		if (p->depth > PART_DEPTH_MAX || (p->parent != PART_NONE && p->parent >= i))
			abort();
		part_number(&t, i, &number);
		if (number.n && part_by_number(&t, str_span(&number)) == PART_NONE)
			abort();
		(void)part_lines(p);
		str_free(&number);
	}
	arena_free(&a);
	return 0;
}
