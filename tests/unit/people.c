/* links: mail io base : z */
#include "mail/people.h"

#include "io/conv.h"
#include "tests/unit/unit.h"

static const struct {
	const char *in, *out;
	bool whole;
} cases[] = {
    {"a@b", "a@b", true},
    {"Kim <a@b>", "Kim <a@b>", true},
    {"\"Kim, C.\" <a@b>", "\"Kim, C.\" <a@b>", true},
    {"=?utf-8?Q?Kim=2C_C?= <a@b>", "\"Kim, C\" <a@b>", true},
    {"=?utf-8?B?6rmA7LKg7IiY?= <a@b>, c@d", "김철수 <a@b>, c@d", true},
    {"=?utf-8?Q?a=22b=5Cc?= <a@b>", "\"a\\\"b\\\\c\" <a@b>", true},
    {"=?utf-8?Q?x=40y?= <a@b>", "\"x@y\" <a@b>", true},
    {"team: a@b, c@d;", "a@b, c@d", true},
    {"\"\" <a@b>", "a@b", true},
    {"a@b (Kim)", "a@b", true},
    {"<>", "<>", true},
    {"", "", false},
    {"a@b, junk junk, c@d", "a@b, c@d", false},
};

int main(void)
{
	conv *c = conv_new();
	charset_opener opener = conv_opener(c);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena mem = arena_new(1 << 20);
		span in = unit_copy(span_str(cases[i].in));
		str out = str_new(1000), again = str_new(1000);
		bool whole = people_text(in, &opener, &mem, 100, &out);
		CHECK(span_eq(str_span(&out), span_str(cases[i].out)) && whole == cases[i].whole,
		      "%s: %s", cases[i].in, str_cstr(&out));
		(void)people_text(str_span(&out), &opener, &mem, 100, &again);
		CHECK(span_eq(str_span(&out), str_span(&again)), "%s: reads back the same",
		      cases[i].in);
		free((char *)(uintptr_t)in.p);
		str_free(&out);
		str_free(&again);
		arena_free(&mem);
	}
	conv_free(c);
	return unit_done();
}
