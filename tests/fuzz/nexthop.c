/* links: net base */
/* A list of next hops: whatever it is, parts lie inside of it, and what the check lets through is of the forms it names. */
#include "net/nexthop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(span all, span part)
{
	if (part.n && (part.p < all.p || part.p + part.n > all.p + all.n))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span all = span_of((const char *)data, size), rest = all;
	bool good = nexthop_check(all) == NULL;
	nexthop h;
	size_t n = 0;
	while (nexthop_next(&rest, &h)) {
		inside(all, h.place);
		inside(all, h.host);
		inside(all, h.user);
		inside(all, h.port);
		if (good && (!h.place.n || (!h.path && !h.host.n) || (h.user.n && !h.named)))
			__builtin_trap();
		n++;
	}
	if (good && (n == 0 || n > NEXTHOP_MAX))
		__builtin_trap();
	return 0;
}
