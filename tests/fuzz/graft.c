/* links: mail io base : z */
/* A part into any message: all octets that were there are there, and the new part is found. */
#include <stdlib.h>
#include <string.h>

#include "mail/graft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static span message;
static size_t old_octets;

static void put(void *arg, span octets)
{
	if (octets.n && octets.p >= message.p && octets.p < message.p + message.n) {
		if (octets.p + octets.n > message.p + message.n)
			abort();
		old_octets += octets.n;
	}
	(void)str_put(arg, octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	attachment a = {.type = S("x/fuzz"), .octets = S("octets"), .encoding = PART_BASE64};
	arena mem = arena_new(256 << 20), again = arena_new(256 << 20);
	part_tree t;
	str out = str_new(64 << 20);
	message = span_of((const char *)data + 1, size - 1);
	old_octets = 0;
	if (!part_parse(message, &mem, &t))
		abort();
	graft g = {&t, &a, 1, data[0] & 1, S("t0ken")};
	if (graft_write(&g, put, &out) == GRAFT_OK) {
		bool found = false;
		if (old_octets + 2 < message.n) /* the empty line is made anew */
			abort();
		if (!part_parse(str_span(&out), &again, &t))
			abort();
		for (uint32_t i = 0; i < t.count; i++)
			found = found || part_type_is(t.parts + i, "x", "fuzz");
		if (!found)
			abort();
	} else if (out.n) {
		abort();
	}
	str_free(&out);
	arena_free(&mem);
	arena_free(&again);
	return 0;
}
