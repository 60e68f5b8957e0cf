/* links: base */
#include "base/span.h"

#include "tests/unit/unit.h"

static void numbers(void)
{
	static const struct {
		const char *text;
		uint64_t max, value;
		bool ok;
	} cases[] = {
	    {"0", 10, 0, true},
	    {"10", 10, 10, true},
	    {"11", 10, 0, false},
	    {"", 10, 0, false},
	    {"-1", 10, 0, false},
	    {" 1", 10, 0, false},
	    {"1 ", 10, 0, false},
	    {"18446744073709551615", UINT64_MAX, UINT64_MAX, true},
	    {"18446744073709551616", UINT64_MAX, 0, false},
	    {"99999999999999999999999", UINT64_MAX, 0, false},
	    {"0007", 10, 7, true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span s = unit_copy(span_str(cases[i].text));
		uint64_t v = 0;
		bool ok = span_u64(s, cases[i].max, &v);
		CHECK(ok == cases[i].ok && v == cases[i].value, "u64 \"%s\"", cases[i].text);
		free((char *)(uintptr_t)s.p);
	}
}

static void cutting(void)
{
	span rest = S("a:b::c"), part;
	part = span_cut(&rest, ':');
	CHECK(span_eq(part, S("a")) && span_eq(rest, S("b::c")), "cut at the first");
	part = span_cut(&rest, ':');
	part = span_cut(&rest, ':');
	CHECK(part.n == 0 && span_eq(rest, S("c")), "cut an empty piece");
	part = span_cut(&rest, ':');
	CHECK(span_eq(part, S("c")) && rest.n == 0, "cut what has no mark");
	rest = S("  MAIL\t FROM:<a> ");
	part = span_word(&rest);
	CHECK(span_eq(part, S("MAIL")), "first word");
	part = span_word(&rest);
	CHECK(span_eq(part, S("FROM:<a>")), "second word");
	CHECK(span_word(&rest).n == 0, "no third word");
	CHECK(span_eq(span_chomp(S("x\r\n")), S("x")), "chomp CRLF");
	CHECK(span_eq(span_chomp(S("x\r")), S("x\r")), "a bare CR stays");
	CHECK(span_eq(span_sub(S("abc"), 2, 99), S("c")), "sub is clamped");
	CHECK(span_eqi(S("EhLo"), S("eHlO")) && !span_eqi(S("a@"), S("A`")), "no case, ASCII letters only");
	CHECK(span_cmp(S("a"), S("ab")) < 0 && span_cmp(S("b"), S("ab")) > 0, "octet order");
	CHECK(span_cmp(span_of("\xff", 1), S("a")) > 0, "octets are unsigned");
}

int main(void)
{
	numbers();
	cutting();
	return unit_done();
}
