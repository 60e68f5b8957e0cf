/* links: mail base */
#include "mail/display.h"

#include "tests/unit/unit.h"

static void widths(void)
{
	static const struct {
		const char *text;
		size_t width;
	} cases[] = {
	    {"", 0},
	    {"abc", 3},
	    {"한글", 4},
	    {"e\xcc\x81", 1}, /* a combining acute accent */
	    {"日本 x", 6},
	    {"ᄒ\xe1\x85\xa1\xe1\x86\xab", 2}, /* conjoining Jamo are one syllable */
	    {"ｆｕｌｌ", 8},
	    {"\xf0\x9f\x98\x80", 2}, /* an emoji */
	    {"é", 1},
	    {"\xff", 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK(display_width(span_str(cases[i].text)) == cases[i].width, "width of %s",
		      cases[i].text);
	CHECK(span_eq(display_fit(S("한글"), 3), S("한")), "no half of a character");
	CHECK(span_eq(display_fit(S("ae\xcc\x81z"), 2), S("ae\xcc\x81")), "marks stay with theirs");
	CHECK(display_fit(S("abc"), 0).n == 0, "no column");
}

static void harmless(void)
{
	static const struct {
		const char *in, *out, *line;
	} cases[] = {
	    {"plain\ttext\n", "plain\ttext\n", "plain text "},
	    {"\x1b[31mred\x1b]0;title\x07", "^[[31mred^[]0;title^G", NULL},
	    {"\x7f\r", "^?^M", NULL},
	    {"\xc2\x9b"
	     "1m",
	     "\xef\xbf\xbd"
	     "1m",
	     NULL}, /* CSI as C1 */
	    {"a\xff"
	     "b",
	     "a\xef\xbf\xbd"
	     "b",
	     NULL},
	    {"user\xe2\x80\xae"
	     "gpj.exe",
	     "user\xef\xbf\xbdgpj.exe", NULL}, /* right-to-left override */
	    {"한글 é 日", "한글 é 日", "한글 é 日"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].in));
		str out = str_new(100);
		display_safe(in, false, &out);
		CHECK(span_eq(str_span(&out), span_str(cases[i].out)), "safe: %s", cases[i].out);
		str_clear(&out);
		display_safe(in, true, &out);
		CHECK(!cases[i].line || span_eq(str_span(&out), span_str(cases[i].line)),
		      "on one line: case %zu", i);
		str_free(&out);
		free((char *)(uintptr_t)in.p);
	}
}

int main(void)
{
	widths();
	harmless();
	return unit_done();
}
