/* links: mail io base : z */
#include "mail/uu.h"

#include "mail/code.h"
#include "tests/unit/unit.h"

#define A "begin 644 a\n#0V%T\n`\nend\n"

static const struct {
	const char *name, *text, *found; /* "before|name|decoded|" a file, then the rest */
} cases[] = {
    {"none", "text\n", "text\n"},
    {"empty", "", ""},
    {"alone", A, "|a|Cat|"},
    {"between text", "x\n" A "y\n", "x\n|a|Cat|y\n"},
    {"two", A A, "|a|Cat||a|Cat|"},
    {"CRLF", "x\r\nbegin 644 a\r\n#0V%T\r\n`\r\nend\r\ny", "x\r\n|a|Cat|y"},
    {"a blank for zero", "begin 644 a\n#0V%T\n \nend\n", "|a|Cat|"},
    {"blanks at the end were lost", "begin 644 a\n#0V%T\n\nend", "|a|Cat|"},
    {"no empty line", "begin 644 a\n#0V%T\nend\n", "|a|Cat|"},
    {"a check sum", "begin 644 a\n#0V%TX\n`\nend\n", "|a|Cat|"},
    {"mode of four digits, a name with blanks", "begin 0644 a b \n`\nend\n", "|a b||"},
    {"no end", "begin 644 a\n#0V%T\n`\n", "begin 644 a\n#0V%T\n`\n"},
    {"a line too long", "begin 644 a\n#0V%TXXXX\n`\nend\n", "begin 644 a\n#0V%TXXXX\n`\nend\n"},
    {"not data", "begin 644 a\nnever\nend\n", "begin 644 a\nnever\nend\n"},
    {"no mode", "begin at the beginning\nend\n", "begin at the beginning\nend\n"},
    {"no name", "begin 644 \n`\nend\n", "begin 644 \n`\nend\n"},
    {"not at the start of a line", " " A, " " A},
    {"one that breaks off, then a whole one", "begin 644 b\n#0V%T\n" A,
     "begin 644 b\n#0V%T\n|a|Cat|"},
};

static void finding(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].text)), rest = in;
		str got = str_new(1000);
		uu_file f;
		while (uu_next(&rest, &f)) {
			(void)str_put(&got, f.before);
			(void)str_putc(&got, '|');
			(void)str_put(&got, f.name);
			(void)str_putc(&got, '|');
			code_decode(PART_UUENCODE, f.lines, &got);
			(void)str_putc(&got, '|');
		}
		(void)str_put(&got, rest);
		CHECK(span_eq(str_span(&got), span_str(cases[i].found)), "%s: %s", cases[i].name,
		      str_cstr(&got));
		str_free(&got);
		free((char *)(uintptr_t)in.p);
	}
}

/* A million beginnings, each of which could reach to the end. */
static void linear(void)
{
	str s = str_new(64 << 20);
	uu_file f;
	for (int i = 0; i < 1000000; i++)
		(void)str_put(&s, S("begin 644 a\n#0V%T\n"));
	clock_t begin = clock();
	span rest = str_span(&s);
	bool found = uu_next(&rest, &f);
	CHECK(!found && clock() - begin < CLOCKS_PER_SEC, "a million beginnings in a second");
	str_free(&s);
}

int main(void)
{
	finding();
	linear();
	return unit_done();
}
