/* links: smtp base */
#include "smtp/reply.h"

#include "tests/unit/unit.h"

static enum reply_result feed_all(reply *r, const char *text, size_t piece)
{
	span all = span_str(text);
	enum reply_result got = REPLY_MORE;
	reply_clear(r);
	while (all.n && got == REPLY_MORE) {
		span line = span_sub(all, 0, span_find(all, '\n') + 1);
		if (line.n > piece && piece)
			line = span_sub(line, 0, piece);
		span copy = unit_copy(line);
		got = reply_feed(r, copy);
		free((char *)(uintptr_t)copy.p);
		all = span_sub(all, line.n, all.n);
	}
	return got;
}

static void replies(void)
{
	static const struct {
		const char *text;
		enum reply_result result;
		int code;
		const char *enhanced, *words;
	} cases[] = {
	    {"250 ok\r\n", REPLY_DONE, 250, "", "ok"},
	    {"250 ok\n", REPLY_DONE, 250, "", "ok"},
	    {"250\r\n", REPLY_DONE, 250, "", ""},
	    {"250 \r\n", REPLY_DONE, 250, "", ""},
	    {"250-a\r\n250-b\r\n250 c\r\n", REPLY_DONE, 250, "", "a b c"},
	    {"250-2.1.0 a\r\n250 2.1.0 b\r\n", REPLY_DONE, 250, "2.1.0", "a b"},
	    {"550-5.1.1 no\r\n550-5.1.1 such\r\n550 user\r\n", REPLY_DONE, 550, "5.1.1",
	     "no such user"},
	    {"550 4.1.1 class differs\r\n", REPLY_DONE, 550, "", "class differs"},
	    {"450 4.7.1 later\r\n", REPLY_DONE, 450, "4.7.1", "later"},
	    {"250-a\r\n", REPLY_MORE, 250, "", "a"},
	    {"250-a\r\n251 b\r\n", REPLY_BAD, 250, "", "a"},
	    {"25 ok\r\n", REPLY_BAD, 0, "", ""},
	    {"2500 ok\r\n", REPLY_BAD, 0, "", ""},
	    {"199 ok\r\n", REPLY_BAD, 0, "", ""},
	    {"600 ok\r\n", REPLY_BAD, 0, "", ""},
	    {"+OK pop\r\n", REPLY_BAD, 0, "", ""},
	    {"\r\n", REPLY_BAD, 0, "", ""},
	    {"SSH-2.0-OpenSSH\r\n", REPLY_BAD, 0, "", ""},
	};
	reply r;
	reply_init(&r);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum reply_result got = feed_all(&r, cases[i].text, 0);
		status st = reply_status(&r);
		CHECK(got == cases[i].result && r.code == cases[i].code, "reply %zu", i);
		CHECK(strcmp(st.enhanced, cases[i].enhanced) == 0 &&
			  strcmp(st.text, cases[i].words) == 0,
		      "words \"%s\" \"%s\"", st.enhanced, st.text);
	}
	reply_free(&r);
}

static void pieces(void)
{
	reply r;
	reply_init(&r);
	CHECK(feed_all(&r, "250-first line\r\n250 second line\r\n", 6) == REPLY_DONE, "in pieces");
	CHECK(span_eq(reply_text_line(&r, 0), S("first line")) &&
		  span_eq(reply_text_line(&r, 1), S("second line")) &&
		  reply_text_line(&r, 2).n == 0,
	      "the lines of it");
	reply_free(&r);
}

static void bounds(void)
{
	char line[1024] = "250-";
	enum reply_result got = REPLY_MORE;
	size_t fed = 0;
	reply r;
	memset(line + 4, 'x', 600);
	line[604] = '\n';
	reply_init(&r);
	for (; fed < 150 && got == REPLY_MORE; fed++)
		got = reply_feed(&r, span_of(line, 605));
	CHECK(got == REPLY_MORE && r.text.n <= REPLY_TEXT_MAX, "8 KiB of 90 KB are kept");
	CHECK(reply_text_line(&r, 0).n == REPLY_LINE_KEPT, "512 octets of a line are kept");
	CHECK(reply_feed(&r, S("250 end\r\n")) == REPLY_DONE, "a long reply still ends");
	reply_clear(&r);
	got = REPLY_MORE;
	for (fed = 0; fed < 10000 && got == REPLY_MORE; fed++)
		got = reply_feed(&r, S("250-x\r\n"));
	CHECK(fed == 10000 && r.lines == REPLY_LINES_MAX + 1 && r.text.n < 400,
	      "100 lines are kept");
	for (; fed < 100000 && got == REPLY_MORE; fed++)
		got = reply_feed(&r, S("250-x\r\n"));
	CHECK(got == REPLY_BAD, "a reply without end is refused");
	reply_free(&r);
}

int main(void)
{
	replies();
	pieces();
	bounds();
	return unit_done();
}
