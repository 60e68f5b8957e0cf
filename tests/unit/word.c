/* links: mail io base : z */
#include "mail/word.h"

#include "tests/unit/unit.h"

static charset_opener opener;

static void decoding(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"plain", "plain"},
	    {"=?utf-8?B?7ZWc6riA?=", "한글"},
	    {"=?EUC-KR?B?x9Gx2w=="
	     "?=",
	     "한글"},
	    {"=?ks_c_5601-1987?B?x9Gx2w=="
	     "?= x",
	     "한글 x"},
	    {"=?utf-8?q?caf=C3=A9_au?=", "café au"},
	    {"a =?utf-8?q?b?= c", "a b c"},
	    {"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"},
	    {"=?utf-8?q?a?=\n =?utf-8?q?b?=", "ab"},
	    {"=?utf-8?q?a?=\r\n\t=?iso-8859-1?q?=E9?=", "aé"},
	    /* a character split over two words: joined before it is converted */
	    {"=?utf-8?q?=ED=95?= =?utf-8?q?=9C?=", "한"},
	    {"=?utf-8?B?7ZU=?= =?utf-8?B?nA==?=", "한"},
	    {"=?utf-8*en?q?x?=", "x"},
	    {"=?nope?q?x=FF?=", "=?nope?q?x=FF?="},
	    {"=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
	    {"=?utf-8?q?unclosed", "=?utf-8?q?unclosed"},
	    {"=?", "=?"},
	    {"=", "="},
	    {"a == b =? c", "a == b =? c"},
	    {"=?utf-8?q?a=?=", "a="},
	    {"=?utf-8?q?a=G1?=", "a=G1"},
	    {"=?utf-8?q?with blank?=", "with blank"},
	    {"\xc7\xd1\xb1\xdb raw", "한글 raw"},
	    {"glued=?utf-8?q?x?=on", "gluedxon"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].in));
		str out = str_new(1000);
		word_decode(in, &opener, &out);
		CHECK(span_eq(str_span(&out), span_str(cases[i].out)), "decode %s → %s",
		      cases[i].in, str_cstr(&out));
		str_free(&out);
		free((char *)(uintptr_t)in.p);
	}
}

static size_t longest_line(span s)
{
	size_t most = 0;
	while (s.n) {
		span line = span_cut(&s, '\n');
		most = line.n > most ? line.n : most;
	}
	return most;
}

static void round_trips(void)
{
	static const char *const cases[] = {
	    "plain words stay",
	    "한글 제목입니다. 아주 긴 제목이 여러 줄에 걸쳐 접혀야 하고 글자가 나뉘면 안 됩니다 "
	    "정말로 그렇습니다",
	    "Re: 안녕하세요 hello 여러분",
	    "café",
	    "=?utf-8?q?looks_like_one?=",
	    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
	    "fifteen",
	    "두  칸   blanks  inside",
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str written = str_new(10000), back = str_new(10000);
		size_t column = 9;
		word_encode(span_str(cases[i]), false, &column, &written);
		word_decode(str_span(&written), &opener, &back);
		CHECK(span_eq(str_span(&back), span_str(cases[i])), "round trip: %s → %s", cases[i],
		      str_cstr(&written));
		CHECK(longest_line(str_span(&written)) <= 78, "folded: %zu",
		      longest_line(str_span(&written)));
		bool ascii = true;
		for (size_t j = 0; j < written.n; j++)
			ascii = ascii && (unsigned char)written.p[j] < 0x80;
		CHECK(ascii, "ASCII: %s", cases[i]);
		str_free(&written);
		str_free(&back);
	}
}

static void phrases(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"Kim Min", "Kim Min"},
	    {"Kim, Min", "\"Kim, Min\""},
	    {"a \"b\"", "\"a \\\"b\\\"\""},
	    {"김", "=?utf-8?B?6rmA?="},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str out = str_new(1000);
		size_t column = 6;
		word_encode(span_str(cases[i].in), true, &column, &out);
		CHECK(span_eq(str_span(&out), span_str(cases[i].out)), "phrase %s → %s",
		      cases[i].in, str_cstr(&out));
		str_free(&out);
	}
}

int main(void)
{
	conv *c = conv_new();
	opener = conv_opener(c);
	decoding();
	round_trips();
	phrases();
	conv_free(c);
	return unit_done();
}
