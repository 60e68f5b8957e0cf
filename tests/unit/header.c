/* links: mail base */
#include "mail/header.h"

#include "tests/unit/unit.h"

static void fields(void)
{
	static const struct {
		span in;
		const char *out; /* name=body| each field, then how it ends: . end, ! garbage, and
				    what is left */
	} cases[] = {
	    {S("A: b\n\nbody"), "A= b|.body"},
	    {S("A: b\r\n\r\nbody"), "A= b|.body"},
	    {S("A:b\nC:\n d\n\te\n\n"), "A=b|C=\n d\n\te|."},
	    {S("A:b\r\n c\r\nD: e\r\n"), "A=b\r\n c|D= e|."},
	    {S("A : b"), "A= b|."},
	    {S("A:b\n \nC:d\n"), "A=b\n |C=d|."},
	    {S(""), "."},
	    {S("\nx"), ".x"},
	    {S("\r\nx"), ".x"},
	    {S("\r"), "!\r"},
	    {S(" A: b\n"), "! A: b\n"},
	    {S("no colon\nA: b\n"), "!no colon\nA: b\n"},
	    {S("A: b\nno colon\n"), "A= b|!no colon\n"},
	    {S("From kim@x Tue Nov 24 05:00:00 2026\nA: b\n"),
	     "!From kim@x Tue Nov 24 05:00:00 2026\nA: b\n"},
	    {S(": b\n"), "!: b\n"},
	    {S("A\xff: b\n"), "!A\xff: b\n"},
	    {S("A: \xff\n"), "A= \xff|."},
	    {S("A"), "!A"},
	    {S("A:"), "A=|."},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str text = str_new(4096);
		span in = unit_copy(cases[i].in), rest = in;
		header_field f;
		enum header_result r;
		while ((r = header_next(&rest, &f)) == HEADER_FIELD) {
			str_put(&text, f.name);
			str_putc(&text, '=');
			str_put(&text, f.body);
			str_putc(&text, '|');
		}
		str_putc(&text, r == HEADER_END ? '.' : '!');
		str_put(&text, rest);
		CHECK(strcmp(str_cstr(&text), cases[i].out) == 0, "header %zu: %s", i,
		      str_cstr(&text));
		CHECK(header_size(in) == in.n - rest.n, "header %zu: its size", i);
		free((char *)(uintptr_t)in.p);
		str_free(&text);
	}
}

static void finding(void)
{
	span m = S("Received: a\nReceived: b\nSubject: x\n y\n\nSubject: body\nReceived: c\n");
	header_field f;
	CHECK(header_get(m, "SUBJECT", &f) && span_eq(f.raw, S("Subject: x\n y\n")),
	      "raw is whole");
	CHECK(span_eq(f.body, S(" x\n y")), "the body lacks the last line end");
	CHECK(!header_get(m, "From", &f), "what is not there");
	CHECK(header_count(m, "received") == 2, "the body is not searched");
	m = S("X: a\0b\n\n");
	CHECK(header_get(m, "x", &f) && f.body.n == 4, "a NUL is data");
}

static void unfolding(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {" a", "a"},   {" a\n b", "a b"},	 {" a \r\n\t  b\r\n c ", "a b c"},
	    {"\n a", "a"}, {" a\n \n b", "a b"}, {"", ""},
	    {" \n ", ""},  {" a  b", "a  b"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str text = str_new(100);
		span in = unit_copy(span_str(cases[i].in));
		header_unfold(in, &text);
		CHECK(strcmp(str_cstr(&text), cases[i].out) == 0, "unfold %zu: %s", i,
		      str_cstr(&text));
		free((char *)(uintptr_t)in.p);
		str_free(&text);
	}
}

int main(void)
{
	fields();
	finding();
	unfolding();
	return unit_done();
}
