/* links: mail io base : z */
#include "mail/charset.h"

#include "io/conv.h"
#include "tests/unit/unit.h"

/* "한글" and friends in each charset, as iconv(1) and Python write them. */
static const struct {
	const char *charset, *octets, *utf8;
	bool known;
} cases[] = {
    {"utf-8", "\xed\x95\x9c\xea\xb8\x80", "한글", true},
    {"UTF8", "\xed\x95\x9c", "한", true},
    {"euc-kr", "\xc7\xd1\xb1\xdb", "한글", true},
    {"EUC-KR", "\x8c\x63\xb9\xe6\xb0\xa2\xc7\xcf", "똠방각하",
     true}, /* 8C63 is outside of EUC-KR */
    {"ks_c_5601-1987", "\xc7\xd1\xb1\xdb", "한글", true},
    {"windows-949", "\xc7\xd1\xb1\xdb", "한글", true},
    {"ms949", "\xc7\xd1\xb1\xdb", "한글", true},
    {"korean", "\xc7\xd1\xb1\xdb", "한글", true},
    {"iso-2022-kr", "\x1b$)C\x0eGQ1[\x0f", "한글", true},
    {"johab", "\xd0\x65\x8b\x69", "한글", true},
    {"", "\xc7\xd1\xb1\xdb", "한글", true},
    {"us-ascii", "\xed\x95\x9c", "한", true},
    {"", "caf\xe9", "café", true},
    {"iso-8859-1", "\x93quoted\x94", "“quoted”", true},
    {"shift_jis", "\x93\xfa\x96\x7b", "日本", true},
    {"gb2312", "\xd6\xd0", "中", true},
    {"no-such-charset", "a\xff", "a\\xff", false},
    {"utf-8//IGNORE", "a\xff", "a\\xff", false},
    {"utf-8",
     "a\xff"
     "b",
     "a\xef\xbf\xbd"
     "b",
     true},
    {"utf-8", "\xfc\xbd\xbd\x95\x9c\xbc!", "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd!", true},
    {"euc-kr", "\xc7\xd1\xc7", "한\xef\xbf\xbd", true},
    /* KS X 1001, annex 3: a filler and three letters; what is no syllable stays */
    {"euc-kr", "\xa4\xd4\xa4\xa8\xa4\xc7\xa4\xb1\xb9\xe6", "똠방", true},
    {"euc-kr", "\xa4\xd4\xa4\xa1\xa4\xbf\xa4\xd4", "가", true},
    {"euc-kr", "\xa4\xd4\xa4\xbe\xa4\xd3\xa4\xbe!", "힣!", true},
    {"euc-kr", "a\xa4\xd4\xa4\xa1\xa4\xbf", "a\u3164ㄱㅏ", true},
    {"euc-kr", "\xa4\xd4\xa4\xd4\xa4\xa8\xa4\xc7\xa4\xb1", "\u3164똠", true},
    {"euc-kr", "\xa4\xd4\xa4\xa1\xa4\xa1\xa4\xa1", "\u3164ㄱㄱㄱ", true},
    {"euc-kr", "\xa4\xd4\xa4\xa1\xa4\xbf\xa4\xa8", "\u3164ㄱㅏㄸ", true},
    {"utf-8", "\u3164ㄱㅏㄱ", "\u3164ㄱㅏㄱ", true},
    {"johab",
     "\x99\xb1\xa4w\x88"
     "b\xd0"
     "a",
     "똠방각하", true},
    {"iso-2022-kr",
     "\x1b$)C\x0eGQ\x0f a \x0e"
     "1[\x0f\n\x0eGQ\x0f",
     "한 a 글\n한", true},
};

int main(void)
{
	conv *c = conv_new();
	charset_opener opener = conv_opener(c);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			span in = unit_copy(span_str(cases[i].octets));
			str out = str_new(1000);
			bool known = charset_text(&opener, span_str(cases[i].charset), in, &out);
			CHECK(known == cases[i].known, "known: %s", cases[i].charset);
			CHECK(span_eq(str_span(&out), span_str(cases[i].utf8)), "text: %s → %s",
			      cases[i].charset, str_cstr(&out));
			str_free(&out);
			free((char *)(uintptr_t)in.p);
		}
	conv_free(c);
	return unit_done();
}
