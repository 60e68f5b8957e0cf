/* links: mail base */
#include "mail/flowed.h"

#include "tests/unit/unit.h"

int main(void)
{
	static const struct {
		const char *in;
		bool delsp;
		size_t columns;
		const char *out;
	} cases[] = {
	    {"", false, 78, ""},
	    {"a \nb\nc\n", false, 78, "a b\nc\n"},
	    {"a \r\nb\r\n", true, 78, "ab\n"},
	    {" >no quote\n", false, 78, ">no quote\n"},
	    {"> a \n> b\n>> c\n", false, 78, "> a b\n>> c\n"},
	    {"> a \n>> b\n", false, 78, "> a\n>> b\n"},
	    {"a \n-- \nme\n", false, 78, "a\n-- \nme\n"},
	    {">\n", false, 78, ">\n"},
	    {"open ", false, 78, "open\n"},
	    {"aaaaaaaaaa bbbbbbbbbb \ncccc\n", false, 20, "aaaaaaaaaa\nbbbbbbbbbb cccc\n"},
	    {"한글한글한글한글한글한글한글 \nx\n", false, 20, "한글한글한글한글한글\n한글한글 x\n"},
	    {"\n\nx\n", false, 78, "\n\nx\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].in));
		str out = str_new(10000);
		flowed_text(in, cases[i].delsp, cases[i].columns, &out);
		CHECK(span_eq(str_span(&out), span_str(cases[i].out)), "%zu: %s", i,
		      str_cstr(&out));
		str_free(&out);
		free((char *)(uintptr_t)in.p);
	}
	str out = str_new(1000);
	flowed_fixed(S("> aaaaaaaaaaaa bbbbbbbbbb\r\nshort\n"), 20, &out);
	CHECK(span_eq(str_span(&out), S("> aaaaaaaaaaaa\n> bbbbbbbbbb\nshort\n")), "fixed: %s",
	      str_cstr(&out));
	str_free(&out);
	return unit_done();
}
