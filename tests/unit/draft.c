/* links: mail io base : z */
#include "mail/draft.h"

#include "io/conv.h"
#include "tests/unit/unit.h"

static charset_opener opener;

typedef struct table {
	const char *in, *readable;
	size_t bad_line;
} table;

static const table cases[] = {
    {"To: a@b\nSubject: x\n\nbody\n", "To: a@b\nCc:\nSubject: x\n\nbody\n", 0},
    {"Subject: x\nTo: a@b\n\nbody", "To: a@b\nCc:\nSubject: x\n\nbody\n", 0},
    {"To: a@b,\n c@d\n\nx\n", "To: a@b, c@d\nCc:\nSubject:\n\nx\n", 0},
    {"To: a@b,\r\n c@d\r\n\r\nx\r\ny\r\n", "To: a@b, c@d\nCc:\nSubject:\n\nx\ny\n", 0},
    {"Subject: =?utf-8?B?7KCc66qp?=\n\n", "To:\nCc:\nSubject: 제목\n\n", 0},
    {"Subject: 제목\n\n", "To:\nCc:\nSubject: 제목\n\n", 0},
    {"To: =?utf-8?Q?Kim=2C_Chul?= <k@x>\n\n", "To: \"Kim, Chul\" <k@x>\nCc:\nSubject:\n\n", 0},
    {"To: team: a@b, (note) c@d;\n\n", "To: team: a@b, (note) c@d;\nCc:\nSubject:\n\n", 0},
    {"Attach: a b.txt\nX-Y: 1\n\n", "To:\nCc:\nSubject:\nAttach: a b.txt\nX-Y: 1\n\n", 0},
    {"Attach: a  b\n\n", "To:\nCc:\nSubject:\nAttach: a  b\n\n", 0},
    {"MIME-Version: 1.0\nReceived: x\nContent-Type: text/plain\n\n", "To:\nCc:\nSubject:\n\n", 0},
    {"To: a@b\njunk\n\nx\n", "To: a@b\nCc:\nSubject:\n\njunk\n\nx\n", 2},
    {"junk\n", "To:\nCc:\nSubject:\n\njunk\n", 1},
    {"\nbody\n", "To:\nCc:\nSubject:\n\nbody\n", 0},
    {"", "To:\nCc:\nSubject:\n\n", 0},
    {"From a Mon\nTo: a@b\n\n", "To: a@b\nCc:\nSubject:\n\n", 0},
    {"\xef\xbb\xbfTo: a@b\n\n", "To: a@b\nCc:\nSubject:\n\n", 0},
    {"To: a@b", "To: a@b\nCc:\nSubject:\n\n", 0},
    {"To:\nCc:\nSubject:\n\n\n\nx", "To:\nCc:\nSubject:\n\n\n\nx\n", 0},
};

static void reading(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena mem = arena_new(1 << 20);
		static draft d;
		span in = unit_copy(span_str(cases[i].in));
		str out = str_new(10000), again = str_new(10000);
		draft_init(&d, &mem);
		draft_read(&d, in, &opener);
		draft_write(&d, &out);
		CHECK(span_eq(str_span(&out), span_str(cases[i].readable)) &&
			  d.bad_line == cases[i].bad_line,
		      "%zu: %zu: %s", i, d.bad_line, str_cstr(&out));
		/* what is written reads back as the same */
		draft_init(&d, &mem);
		draft_read(&d, str_span(&out), &opener);
		draft_write(&d, &again);
		CHECK(span_eq(str_span(&out), str_span(&again)), "%zu: again", i);
		free((char *)(uintptr_t)in.p);
		str_free(&out);
		str_free(&again);
		arena_free(&mem);
	}
}

static void setting(void)
{
	static draft d;
	arena mem = arena_new(1 << 20);
	draft_init(&d, &mem);
	draft_set(&d, "To", S("a@b"));
	draft_join(&d, "to", S("c@d"));
	draft_join(&d, "Cc", S("e@f"));
	CHECK(span_eq(draft_get(&d, "TO"), S("a@b, c@d")) && span_eq(draft_get(&d, "cc"), S("e@f")),
	      "addresses are joined");
	draft_set(&d, "Subject", S(" a\r\n b\n\nc "));
	CHECK(span_eq(draft_get(&d, "Subject"), S("a b c")), "one line");
	draft_add(&d, S("X"), S("1"));
	draft_add(&d, S("Y"), S("2"));
	draft_add(&d, S("x"), S("3"));
	draft_set(&d, "X", S("4"));
	CHECK(d.n == 5 && span_eq(draft_get(&d, "x"), S("4")), "others of the name go");
	draft_set(&d, "X", S(""));
	CHECK(d.n == 4 && draft_get(&d, "x").n == 0 && span_eq(draft_get(&d, "Y"), S("2")),
	      "an empty value removes");
	draft_set(&d, "Z", S(""));
	CHECK(d.n == 4, "what is not there is not removed");
	for (size_t i = 0; i < DRAFT_FIELDS_MAX; i++)
		draft_add(&d, S("F"), S("v"));
	CHECK(d.over && d.n == DRAFT_FIELDS_MAX, "there is an end to fields");
	arena_free(&mem);
}

static void writing(void)
{
	static draft d;
	arena mem = arena_new(1 << 20);
	str out = str_new(100000);
	span bad;
	draft_init(&d, &mem);
	draft_set(&d, "Attach", S("x"));
	draft_set(&d, "Subject", S("제목"));
	draft_set(&d, "To", S("\"김, 철수\" <k@x>"));
	CHECK(draft_fields(&d, false, &opener, &out, &bad) == FIELD_OK &&
		  span_eq(str_span(&out), S("To: =?utf-8?B?6rmALCDssqDsiJg=?= <k@x>\n"
					    "Subject: =?utf-8?B?7KCc66qp?=\n")),
	      "fields: %s", str_cstr(&out));
	str_clear(&out);
	CHECK(draft_fields(&d, true, &opener, &out, &bad) == FIELD_OK &&
		  span_ends(str_span(&out), S("Attach: x\n")),
	      "local ones");
	draft_set(&d, "References", S("<가@x>"));
	CHECK(draft_fields(&d, false, &opener, &out, &bad) != FIELD_OK &&
		  span_eq(bad, S("References")),
	      "what cannot be written is named");
	str_free(&out);
	arena_free(&mem);
}

static void mentions(void)
{
	static const struct {
		const char *text;
		bool speaks;
	} texts[] = {{"see the attached file\n", true},
		     {"Attachment: none\n", true},
		     {"> see the attached file\n", false},
		     {"detach it\n", false},
		     {"파일을 첨부합니다\n", true},
		     {"a\nb\nenclosed", true},
		     {"붙임 1부.\n", true},
		     {"", false}};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		CHECK(draft_mentions(span_str(texts[i].text)) == texts[i].speaks, "%s",
		      texts[i].text);
}

int main(void)
{
	conv *c = conv_new();
	opener = conv_opener(c);
	reading();
	setting();
	writing();
	mentions();
	conv_free(c);
	return unit_done();
}
