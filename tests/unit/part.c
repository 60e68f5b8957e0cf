/* links: mail io base : z */
#include "mail/part.h"

#include "tests/unit/unit.h"

/* The tree as text: `number type/subtype [body]` a line, "-" for the number of a message that is a multipart. */
static void describe(const part_tree *t, str *to)
{
	for (uint32_t i = 0; i < t->count; i++) {
		const part *p = t->parts + i;
		size_t before = to->n;
		part_number(t, i, to);
		if (to->n == before)
			(void)str_putc(to, '-');
		(void)str_putc(to, ' ');
		(void)str_put(to, p->type);
		(void)str_putc(to, '/');
		(void)str_put(to, p->subtype);
		if (p->kind == PART_LEAF) {
			(void)str_put(to, S(" ["));
			(void)str_put(to, p->body);
			(void)str_put(to, S("]"));
		}
		(void)str_putc(to, '\n');
	}
}

#define MULTI(kind) "Content-Type: multipart/" kind "; boundary=b\n\n"

static const struct {
	const char *name, *message, *tree;
	unsigned defects;
} cases[] = {
    {"plain", "Subject: x\n\nhello\n", "1 text/plain [hello\n]\n", 0},
    {"header only", "Subject: x\n", "1 text/plain []\n", 0},
    {"an mbox line first", "From a@b Thu\nContent-Type: text/html\n\nx", "1 text/html [x]\n", 0},
    {"empty", "", "1 text/plain []\n", 0},
    {"body only", "no header\n", "1 text/plain [no header\n]\n", PART_HEADER_BROKEN},
    {"two parts",
     MULTI("mixed") "preamble\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\nepilogue\n",
     "- multipart/mixed\n1 text/plain [one]\n2 text/html [two]\n", 0},
    {"CRLF", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n",
     "- multipart/mixed\n1 text/plain [one]\n", 0},
    {"empty bodies", MULTI("mixed") "--b\n\n--b\n\n\n--b--\n",
     "- multipart/mixed\n1 text/plain []\n2 text/plain []\n", 0},
    {"a part without a header or an empty line", MULTI("mixed") "--b\n--b\nA: b\n--b--\n",
     "- multipart/mixed\n1 text/plain []\n2 text/plain []\n", 0},
    {"never closed", MULTI("mixed") "--b\n\none\n", "- multipart/mixed\n1 text/plain [one\n]\n",
     PART_NOT_CLOSED},
    {"no delimiter", MULTI("mixed") "text\n", "1 text/plain [text\n]\n",
     PART_NOT_CLOSED | PART_NO_DELIMITER},
    {"no boundary", "Content-Type: multipart/mixed\n\ntext\n", "1 text/plain [text\n]\n",
     PART_NO_BOUNDARY},
    {"longer line is no delimiter", MULTI("mixed") "--b\n\n--bb\n--b c\n--b--\n",
     "- multipart/mixed\n1 text/plain [--bb\n--b c]\n", 0},
    {"blanks behind a delimiter", MULTI("mixed") "--b \t\n\none\n--b-- \n",
     "- multipart/mixed\n1 text/plain [one]\n", 0},
    {"nested, one boundary is the beginning of the other",
     MULTI("mixed") "--b\nContent-Type: multipart/alternative; "
		    "boundary=b1\n\n--b1\n\nx\n--b1--\n--b\n\ny\n--b--\n",
     "- multipart/mixed\n1 multipart/alternative\n1.1 text/plain [x]\n2 text/plain [y]\n", 0},
    {"the inner one is never closed",
     MULTI("mixed") "--b\nContent-Type: multipart/alternative; "
		    "boundary=c\n\n--c\n\nx\n--b\n\ny\n--b--\n",
     "- multipart/mixed\n1 multipart/alternative\n1.1 text/plain [x]\n2 text/plain [y]\n",
     PART_NOT_CLOSED},
    {"a message inside",
     MULTI("mixed") "--b\nContent-Type: message/rfc822\n\nSubject: in\n\ninner\n--b--\n",
     "- multipart/mixed\n1 message/rfc822\n1.1 text/plain [inner]\n", 0},
    {"a multipart message inside",
     MULTI("mixed") "--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; "
		    "boundary=c\n\n--c\n\nx\n--c--\n--b--\n",
     "- multipart/mixed\n1 message/rfc822\n1 multipart/mixed\n1.1 text/plain [x]\n", 0},
    {"a message inside in base64 stays closed",
     MULTI("mixed") "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: "
		    "base64\n\nU3ViOg==\n--b--\n",
     "- multipart/mixed\n1 message/rfc822 [U3ViOg==]\n", 0},
    {"digest", MULTI("digest") "--b\n\nSubject: x\n\nhello\n--b--\n",
     "- multipart/digest\n1 message/rfc822\n1.1 text/plain [hello]\n", 0},
    {"Content-Type twice", "Content-Type: text/html\nContent-Type: text/plain\n\nx",
     "1 text/html [x]\n", PART_TWICE},
    {"Content-Type that is none", "Content-Type: nonsense\n\nx", "1 text/plain [x]\n",
     PART_BAD_TYPE},
    {"header only, a multipart", "Content-Type: multipart/mixed; boundary=b\n", "1 text/plain []\n",
     PART_NOT_CLOSED | PART_NO_DELIMITER},
    {"header only, a message", "Content-Type: message/rfc822\n\n",
     "1 message/rfc822\n1.1 text/plain []\n", 0},
    {"a part that is a header only", MULTI("mixed") "--b\nContent-Type: text/html\n--b--\n",
     "- multipart/mixed\n1 text/html []\n", 0},
    {"the inner boundary is the beginning of the outer one",
     "Content-Type: multipart/mixed; boundary=bb\n\n--bb\nContent-Type: multipart/mixed; "
     "boundary=b\n\n--b\n\nx\n--b--\n--bb\n\ny\n--bb--\n",
     "- multipart/mixed\n1 multipart/mixed\n1.1 text/plain [x]\n2 text/plain [y]\n", 0},
    {"the inner boundary is the outer one's closing delimiter",
     MULTI("mixed") "--b\nContent-Type: multipart/mixed; "
		    "boundary=\"b--\"\n\n--b--\n\nx\n--b----\n--b\n\ny\n--b--\n",
     "- multipart/mixed\n1 multipart/mixed\n1.1 text/plain [x]\n2 text/plain [y]\n", 0},
    {"one boundary for both",
     MULTI("mixed") "--b\nContent-Type: multipart/mixed; "
		    "boundary=b\n\n--b\n\nx\n--b--\n--b\n\ny\n--b--\n",
     "- multipart/mixed\n1 multipart/mixed\n1.1 text/plain [x]\n2 text/plain [y]\n", 0},
    {"the outer delimiter ends three levels",
     MULTI("mixed") "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: "
		    "multipart/mixed; "
		    "boundary=d\n\n--d\n\nx\n--b\n\ny\n",
     "- multipart/mixed\n1 multipart/mixed\n1.1 multipart/mixed\n1.1.1 text/plain [x]\n2 "
     "text/plain [y\n]\n",
     PART_NOT_CLOSED},
    {"delimiters behind the closing one", MULTI("mixed") "--b\n\nx\n--b--\n--b\n\ny\n--b--\n",
     "- multipart/mixed\n1 text/plain [x]\n", 0},
    {"a bare CR is data", MULTI("mixed") "--b\n\nx\r--b\ry\n--b--\n",
     "- multipart/mixed\n1 text/plain [x\r--b\ry]\n", 0},
    {"a CR before the delimiter's line end", MULTI("mixed") "--b\r\n\nx\r\n--b--\r",
     "- multipart/mixed\n1 text/plain [x]\n", 0},
    {"blanks before a delimiter", MULTI("mixed") "--b\n\nx\n --b\n--b--\n",
     "- multipart/mixed\n1 text/plain [x\n --b]\n", 0},
    {"a fold in a quoted boundary",
     "Content-Type: multipart/mixed; boundary=\"a\n b\"\n\n--a b\n\nx\n--a b--\n",
     "- multipart/mixed\n1 text/plain [x]\n", 0},
    {"an encoded multipart",
     "Content-Transfer-Encoding: base64\n" MULTI("mixed") "--b\n\nx\n--b--\n",
     "- multipart/mixed\n1 text/plain [x]\n", PART_ENCODED_COMPOSITE},
    {"an unknown encoding", "Content-Transfer-Encoding: x-new\n\nx", "1 text/plain [x]\n", 0},
    {"a boundary that ends in a blank",
     "Content-Type: multipart/mixed; boundary=\"b \"\n\n--b\n\nx\n--b--\n",
     "- multipart/mixed\n1 text/plain [x]\n", 0},
};

static void table(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].message));
		arena a = arena_new(1 << 20);
		str out = str_new(10000);
		part_tree t;
		bool done = part_parse(in, &a, &t);
		describe(&t, &out);
		CHECK(done && span_eq(str_span(&out), span_str(cases[i].tree)), "%s",
		      cases[i].name);
		CHECK(t.defects == cases[i].defects, "%s: defects %u", cases[i].name, t.defects);
		str_free(&out);
		arena_free(&a);
		free((char *)(uintptr_t)in.p);
	}
}

static void octets(void)
{
	static const char m[] = MULTI("mixed") "--b\n\nx\0y\n--b\0\n--b--\n";
	span in = unit_copy(span_of(m, sizeof m - 1));
	arena a = arena_new(1 << 20);
	part_tree t;
	bool done = part_parse(in, &a, &t);
	CHECK(done && t.count == 2 && span_eq(t.parts[1].body, S("x\0y\n--b\0")),
	      "NULs are data, in a delimiter too");
	arena_free(&a);
	free((char *)(uintptr_t)in.p);
}

/* Nesting and counts are bounded, and the whole stays linear. */
static void bounds(void)
{
	str m = str_new(32 << 20);
	arena a = arena_new(256 << 20);
	part_tree t;
	for (int i = 0; i < 100000; i++)
		(void)str_printf(&m, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i,
				 i);
	CHECK(part_parse(str_span(&m), &a, &t), "100,000 nested");
	CHECK(t.defects & PART_TOO_DEEP && t.count == PART_DEPTH_MAX + 1, "depth: %zu parts",
	      t.count);
	arena_reset(&a);
	str_clear(&m);
	(void)str_put(&m, S(MULTI("mixed")));
	for (int i = 0; i < 100001; i++)
		(void)str_put(&m, S("--b\n\nx\n"));
	CHECK(part_parse(str_span(&m), &a, &t), "100,001 parts");
	CHECK(t.defects & PART_TOO_MANY && t.count == PART_COUNT_MAX, "count: %zu", t.count);
	CHECK(part_by_number(&t, S("2")) == 2 && part_by_number(&t, S("0")) == PART_NONE,
	      "by number");
	arena_free(&a);
	str_free(&m);
}

int main(void)
{
	table();
	octets();
	bounds();
	return unit_done();
}
