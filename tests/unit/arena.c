/* links: base */
#include "base/arena.h"

#include <stdalign.h>

#include "tests/unit/unit.h"

int main(void)
{
	arena a = arena_new(100000);
	bool aligned = true, zeroed = true;
	char *p;
	for (size_t n = 1; n < 300; n++) {
		p = arena_alloc(&a, n);
		aligned = aligned && p && (uintptr_t)p % alignof(max_align_t) == 0;
		for (size_t i = 0; aligned && i < n; i++)
			zeroed = zeroed && p[i] == 0;
		if (p)
			memset(p, 0xff, n);
	}
	CHECK(aligned, "aligned for any type");
	CHECK(zeroed, "zeroed");
	p = arena_alloc(&a, 20000);
	CHECK(p && a.used > 60000, "larger than a block");
	CHECK(!arena_alloc(&a, 60000), "over the cap is NULL");
	CHECK(!arena_alloc(&a, SIZE_MAX) && !arena_alloc(&a, SIZE_MAX - 8), "no overflow");
	CHECK(arena_alloc(&a, 8) != NULL, "what fits still fits");
	arena_reset(&a);
	CHECK(a.used == 0, "reset");
	p = arena_alloc(&a, 64);
	CHECK(p && !memcmp(p, (char[64]){0}, 64), "zeroed again after a reset");
	span s = arena_dup(&a, span_of("a\0b", 3));
	CHECK(s.n == 3 && !memcmp(s.p, "a\0b", 4), "dup, with a NUL behind");
	CHECK(!strcmp(arena_cstr(&a, S("")), ""), "an empty string");
	s = arena_dup(&a, S(""));
	CHECK(s.p && s.n == 0, "an empty dup is not NULL");
	arena_free(&a);
	a = arena_new(64);
	s = arena_dup(&a, span_of((char[64]){0}, 64));
	CHECK(!s.p && s.n == 0, "a dup over the cap");
	arena_free(&a);
	arena_free(&a);
	CHECK(!a.head, "free twice");
	return unit_done();
}
