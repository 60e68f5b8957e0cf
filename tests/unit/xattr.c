/* links: smtp mail base */
/* The arguments of XCLIENT and XFORWARD. */
#include "smtp/xattr.h"

#include "tests/unit/unit.h"

int main(void)
{
	static const struct {
		const char *in, *addr;
		bool client, good;
	} cases[] = {
	    {"ADDR=192.0.2.1", "192.0.2.1", true, true},
	    {"addr=ipv6:2001:db8::1 NAME=a.b", "2001:db8::1", true, true},
	    {"ADDR=[UNAVAILABLE] NAME=[TEMPUNAVAIL]", "", true, true},
	    {"HELO=x+2By PORT=0 PROTO=ESMTP", "", true, true},
	    {"IDENT=x SOURCE=LOCAL", "", false, true},
	    {"IDENT=x", "", true, false},
	    {"ADDR=1 ADDR=1", "", true, false},
	    {"ADDR", "", true, false},
	    {"=x", "", true, false},
	    {"ADDR=1+0A", "", true, false},
	    {"ADDR=1+", "", true, false},
	    {"ADDR=1/2", "", true, false},
	    {"NAME=a+28b", "", true, false},
	    {"PORT=65536", "", true, false},
	    {"PORT=-1", "", true, false},
	    {"HELO=+20", "", true, false},
	    {"HELO=+7F", "", true, false},
	    {"LOGIN=a", "", true, false},
	    {"", "", true, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena mem = arena_new(65536);
		span in = unit_copy(span_str(cases[i].in));
		xattrs x;
		bool good = xattrs_parse(in, cases[i].client, &mem, &x);
		CHECK(good == cases[i].good &&
			  (!good || span_eq(x.value[XATTR_ADDR], span_str(cases[i].addr))),
		      "%s", cases[i].in);
		free((char *)(uintptr_t)in.p);
		arena_free(&mem);
	}
	return unit_done();
}
