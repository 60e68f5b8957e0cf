/* links: base */
#include "base/text.h"

#include "tests/unit/unit.h"

int main(void)
{
	static const struct {
		span text;
		const char *json, *tsv;
	} cases[] = {
	    {{"", 0}, "\"\"", ""},
	    {{"a b", 3}, "\"a b\"", "a b"},
	    {{"\"\\", 2}, "\"\\\"\\\\\"", "\"\\\\"},
	    {{"\t\n", 2}, "\"\\u0009\\u000a\"", "\\t\\n"},
	    {{"\x7f", 1}, "\"\\u007f\"", "\x7f"},
	    {{"\xea\xb9\x80", 3}, "\"\xea\xb9\x80\"", "\xea\xb9\x80"},
	    {{"\xea\xb9", 2}, "\"\xef\xbf\xbd\xef\xbf\xbd\"", "\xea\xb9"}, /* cut */
	    {{"\xc0\x80", 2}, "\"\xef\xbf\xbd\xef\xbf\xbd\"", "\xc0\x80"}, /* overlong */
	    {{"\xed\xa0\x80x", 4},
	     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\"",
	     "\xed\xa0\x80x"}, /* surrogate */
	    {{"\xf0\x9f\x93\xa7", 4}, "\"\xf0\x9f\x93\xa7\"", "\xf0\x9f\x93\xa7"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str json = str_new(1000), tsv = str_new(1000);
		span s = unit_copy(cases[i].text);
		text_json(s, &json);
		text_tsv(s, &tsv);
		CHECK(strcmp(str_cstr(&json), cases[i].json) == 0, "json %zu", i);
		CHECK(strcmp(str_cstr(&tsv), cases[i].tsv) == 0, "tsv %zu", i);
		free((char *)(uintptr_t)s.p);
		str_free(&json);
		str_free(&tsv);
	}
	str nul = str_new(100);
	text_json(S("a\0b"), &nul);
	CHECK(span_eq(str_span(&nul), S("\"a\\u0000b\"")), "a NUL");
	str_free(&nul);
	return unit_done();
}
