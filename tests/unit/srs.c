/* links: resolve maildir queue net mail io base : z */
#include "resolve/srs.h"

#include "tests/unit/unit.h"

static const siphash_key key = {1, 2};

static void siphash_vector(void)
{
	char in[15];
	const siphash_key k = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
	for (int i = 0; i < 15; i++)
		in[i] = (char)i;
	CHECK(siphash(&k, span_of(in, 15)) == UINT64_C(0xa129ca6149be45e5),
	      "the example of the paper");
	CHECK(siphash(&k, S("")) == UINT64_C(0x726fdb47dd0e0e31), "nothing");
}

static const char *there_and_back(const addr *a, int64_t then, int64_t now, bool capitals)
{
	static char got[512];
	arena mem = arena_new(1 << 16);
	str local = str_new(ADDR_LOCAL_MAX), text = str_new(500);
	addr to;
	(void)snprintf(got, sizeof got, "no");
	if (srs_wrap(&key, a, then, &local)) {
		for (size_t i = 0; capitals && i < local.n; i++)
			if (ascii_alpha((unsigned char)local.p[i]))
				local.p[i] = (char)(local.p[i] & ~32);
		span copy = unit_copy(str_span(&local));
		if (srs_unwrap(&key, copy, now, &mem, &to)) {
			addr_write(&to, &text);
			(void)snprintf(got, sizeof got, "%s", str_cstr(&text));
		}
		free((char *)(uintptr_t)copy.p);
	}
	str_free(&local);
	str_free(&text);
	arena_free(&mem);
	return got;
}

static void wrapping(void)
{
	const addr a = {.local = S("a.b=c+d"), .domain = S("x.test")};
	const addr quoted = {.local = S("a b"), .domain = S("x.test")};
	const addr longer = {.local = S("a123456789b123456789c123456789d123456789e12345"),
			     .domain = S("example.test")};
	CHECK(strcmp(there_and_back(&a, 20000, 20000, false), "a.b=c+d@x.test") == 0, "today");
	CHECK(strcmp(there_and_back(&a, 20000, 20021, false), "a.b=c+d@x.test") == 0, "in 21 days");
	CHECK(strcmp(there_and_back(&a, 20000, 20022, false), "no") == 0, "in 22 days");
	CHECK(strcmp(there_and_back(&a, 20479, 20481, false), "a.b=c+d@x.test") == 0,
	      "the day starts anew");
	CHECK(strcmp(there_and_back(&a, 20000, 20000, true), "A.B=C+D@X.TEST") == 0,
	      "whoever changes the case");
	CHECK(strcmp(there_and_back(&quoted, 20000, 20000, false), "\"a b\"@x.test") == 0,
	      "a local part that needs quotes");
	CHECK(strcmp(there_and_back(&longer, 20000, 20000, false), "no") == 0,
	      "no room: the sender stays");
}

static void others(void)
{
	const addr first = {.local = S("SRS0=HHHH=TT=orig.test=user"), .domain = S("one.test")};
	const addr dash = {.local = S("SRS0-HHHH=TT=orig.test=user"), .domain = S("one.test")};
	const addr second = {.local = S("SRS1=XXXX=one.test==HHHH=TT=orig.test=user"),
			     .domain = S("two.test")};
	CHECK(strcmp(there_and_back(&first, 20000, 30000, false),
		     "SRS0=HHHH=TT=orig.test=user@one.test") == 0,
	      "SRS0 of another host becomes SRS1, and back");
	CHECK(strcmp(there_and_back(&dash, 20000, 20000, false),
		     "SRS0-HHHH=TT=orig.test=user@one.test") == 0,
	      "its separator is kept");
	CHECK(strcmp(there_and_back(&second, 20000, 20000, false),
		     "SRS0=HHHH=TT=orig.test=user@one.test") == 0,
	      "SRS1 goes back to the first host");
}

static void forgeries(void)
{
	static const char *const locals[] = {
	    "SRS0=00000=AA=x.test=user",  "SRS0=0000=AA=x.test=user", "SRS0=", "SRS0", "SRS",
	    "SRS1=00000=x.test==H=T=y=z", "SRS2=00000=AA=x=y",	      "user",  "",
	};
	arena mem = arena_new(1 << 16);
	addr to;
	for (size_t i = 0; i < sizeof locals / sizeof *locals; i++)
		CHECK(!srs_unwrap(&key, span_str(locals[i]), 20000, &mem, &to), "\"%s\"",
		      locals[i]);
	arena_free(&mem);
}

int main(void)
{
	siphash_vector();
	wrapping();
	others();
	forgeries();
	return unit_done();
}
