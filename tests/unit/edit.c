/* links: mail io base : z */
#include "mail/edit.h"

#include "tests/unit/unit.h"

static void put(void *arg, span octets)
{
	(void)str_put(arg, octets);
}

/* What is written, the tail with it. */
static bool gives(const edit *e, const char *want)
{
	str got = str_new(10000);
	edit_write(e, put, &got);
	(void)str_put(&got, e->tail);
	bool same = span_eq(str_span(&got), span_str(want));
	if (!same)
		printf("# got: %s\n", str_cstr(&got));
	str_free(&got);
	return same;
}

#define ABA "A: 1\nB: 2\n 3\na :4\n\nbody\n"

/* A letter an action: 'a'ppend, 'i'nsert, 's'et, 'd'elete, 'r'eplace the second field. */
static const struct {
	const char *name, *message, *actions, *field, *text, *want;
} cases[] = {
    {"no action", ABA, "", "", "", ABA},
    {"no action, no header", "body\n", "", "", "", "body\n"},
    {"no action, nothing", "", "", "", "", ""},
    {"append", ABA, "a", "", "C: 5\n", "A: 1\nB: 2\n 3\na :4\nC: 5\n\nbody\n"},
    {"insert", ABA, "i", "", "C: 5\n", "C: 5\n" ABA},
    {"insert below the line of mbox", "From x\nA: 1\n\n", "i", "", "C: 5\n",
     "From x\nC: 5\nA: 1\n\n"},
    {"append to an mbox line alone", "From x", "a", "", "C: 5\n", "From x\nC: 5\n"},
    {"set the first, the others go", ABA, "s", "a", "A: 9\n", "A: 9\nB: 2\n 3\n\nbody\n"},
    {"set what is folded", ABA, "s", "b", "B: 9\n", "A: 1\nB: 9\na :4\n\nbody\n"},
    {"set what is not there", ABA, "s", "c", "C: 9\n", "A: 1\nB: 2\n 3\na :4\nC: 9\n\nbody\n"},
    {"delete all of a name", ABA, "d", "A", "", "B: 2\n 3\n\nbody\n"},
    {"delete what is not there", ABA, "d", "C", "", ABA},
    {"delete all", "A: 1\n\nx", "d", "a", "", "\nx"},
    {"replace one", ABA, "r", "", "D: 9\n", "A: 1\nD: 9\na :4\n\nbody\n"},
    {"append, then delete it", ABA, "ad", "C", "C: 5\n", ABA},
    {"append, then set it", ABA, "as", "C", "C: 5\n", "A: 1\nB: 2\n 3\na :4\nC: 5\n\nbody\n"},
    {"insert twice", "A: 1\n\n", "ii", "", "C: 5\n", "C: 5\nC: 5\nA: 1\n\n"},
    {"CRLF", "A: 1\r\n\r\nx\r\n", "a", "", "C: 5\n\t6\n", "A: 1\r\nC: 5\r\n\t6\r\n\r\nx\r\n"},
    {"no line end at the end", "A: 1", "a", "", "C: 5\n", "A: 1\nC: 5\n"},
    {"no line end at the end, insert", "A: 1", "i", "", "C: 5\n", "C: 5\nA: 1"},
    {"no header", "body\n", "a", "", "C: 5\n", "C: 5\n\nbody\n"},
    {"an empty line first", "\nbody\n", "a", "", "C: 5\n", "C: 5\n\nbody\n"},
    {"nothing at all", "", "a", "", "C: 5\n", "C: 5\n"},
    {"garbage in the header", "A: 1\ngarbage\nB: 2\n\n", "a", "", "C: 5\n",
     "A: 1\nC: 5\ngarbage\nB: 2\n\n"},
    {"a NUL and 8-bit octets stay", "A: \xff\n\n\x01\xfe", "d", "B", "", "A: \xff\n\n\x01\xfe"},
};

static void apply(edit *e, char action, span field, span text)
{
	switch (action) {
	case 'a':
		edit_append(e, text);
		break;
	case 'i':
		edit_insert(e, text);
		break;
	case 's':
		edit_set(e, field, text);
		break;
	case 'd':
		(void)edit_delete(e, field);
		break;
	default:
		edit_replace(e, 1, text);
	}
}

static void table(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].message));
		edit e;
		edit_open(&e, in);
		for (const char *a = cases[i].actions; *a; a++)
			apply(&e, *a, span_str(cases[i].field), span_str(cases[i].text));
		CHECK(gives(&e, cases[i].want), "%s", cases[i].name);
		edit_free(&e);
		free((char *)(uintptr_t)in.p);
	}
}

static void counts(void)
{
	edit e;
	edit_open(&e, S(ABA));
	CHECK(e.n == 3 && !e.edited, "three fields");
	CHECK(edit_delete(&e, S("c")) == 0 && !e.edited, "none gone: not edited");
	CHECK(edit_delete(&e, S("A")) == 2 && e.edited && e.n == 1, "two gone");
	edit_free(&e);
	edit_open(&e, S("A: 1\n\nx"));
	for (int i = 0; i < 1000; i++)
		edit_append(&e, S("B: 2\n"));
	CHECK(e.n == 1001 && edit_delete(&e, S("b")) == 1000, "a thousand fields");
	CHECK(gives(&e, "A: 1\n\nx"), "and as before");
	edit_free(&e);
}

int main(void)
{
	table();
	counts();
	return unit_done();
}
