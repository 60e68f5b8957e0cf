/* links: mail io base */
#include "mail/thread.h"
#include "base/str.h"
#include "mail/fold.h"
#include "mail/subject.h"

#include "tests/unit/unit.h"

static void subjects(void)
{
	static const struct {
		const char *text, *base;
		bool reply;
	} cases[] = {
	    {"plan", "plan", false},
	    {"Re: plan", "plan", true},
	    {"RE:plan", "plan", true},
	    {"re :\t plan  ", "plan", true},
	    {"Fwd: Re: Fw: plan", "plan", true},
	    {"Re[2]: plan", "plan", true},
	    {"Re [a b] : plan", "plan", true},
	    {"[list] Re: [list] plan", "plan", true},
	    {"[list] plan", "plan", false},
	    {"[a][b] [c]plan", "plan", false},
	    {"[list]", "[list]", false},
	    {"[a] [b]", "[b]", false},
	    {"Re: [list]", "[list]", true},
	    {"plan (fwd)", "plan", true},
	    {"plan (fwd) (FWD) ", "plan", true},
	    {"[fwd: plan]", "plan", true},
	    {"[Fwd: Re: [Fwd: [x] plan (fwd)]]", "plan", true},
	    {"[fwd: [x] plan] more", "[fwd: [x] plan] more", false},
	    {"Reply: plan", "Reply: plan", false},
	    {"Re plan", "Re plan", false},
	    {"Re:", "", true},
	    {"", "", false},
	    {" \t", "", false},
	    {"(fwd)", "", true},
	    {"[fwd:]", "", true},
	    {"Re: 회의록", "회의록", true},
	    {"[[x] plan", "[[x] plan", false},
	    {"[x plan", "[x plan", false},
	    {"Re [x: plan", "Re [x: plan", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool reply = !cases[i].reply;
		span s = unit_copy(span_str(cases[i].text));
		span base = subject_base(s, &reply);
		CHECK(span_eq(base, span_str(cases[i].base)) && reply == cases[i].reply,
		      "the base of \"%s\"", cases[i].text);
		free((char *)(uintptr_t)s.p);
	}
}

static void folding(void)
{
	static const struct {
		const char *text, *form;
	} cases[] = {
	    {"Plan B", "plan b"},
	    {"a \t\r\n b", "a b"},
	    {"ÀÉÞ×ß", "àéþ×ß"},
	    {"ΑΒΓΣσς", "αβγσσσ"},
	    {"ЖЁ", "жё"},
	    {"ĀŁŸŽ", "āłÿž"},
	    {"ＡＢ", "ａｂ"},
	    {"\xe1\x84\x92\xe1\x85\xac\xe1\x84\x8b\xe1\x85\xb4", "회의"},
	    {"한글", "한글"},
	    {"a\xc2\xa0 b", "a b"},
	    {"\xff\xfe", "\xff\xfe"},
	    {"A\xf0\x9f\x98\x80Z", "a\xf0\x9f\x98\x80z"},
	    {"", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str form = str_new(256);
		span s = unit_copy(span_str(cases[i].text));
		fold_text(s, &form);
		CHECK(span_eq(str_span(&form), span_str(cases[i].form)), "the form of text %zu", i);
		free((char *)(uintptr_t)s.p);
		str_free(&form);
	}
	CHECK(fold_find(S("a plan b"), S("plan")) && fold_find(S("x"), S("")) &&
		  !fold_find(S("plan"), S("plans")),
	      "finding");
}

/* "1(2(3)4)5": what thread_walk() cannot tell apart, with D for a dummy. */
static void put_tree(const thread_tree *t, str *to)
{
	const thread_node *n = t->nodes;
	for (uint32_t at = n[0].child; at != THREAD_NONE;) {
		if (n[at].message == THREAD_NONE)
			(void)str_putc(to, 'D');
		else
			(void)str_putu(to, n[at].message + 1);
		if (n[at].child != THREAD_NONE) {
			(void)str_putc(to, '(');
			at = n[at].child;
			continue;
		}
		while (n[at].next == THREAD_NONE && n[at].parent != 0) {
			at = n[at].parent;
			(void)str_putc(to, ')');
		}
		at = n[at].next;
		if (at != THREAD_NONE)
			(void)str_putc(to, ' ');
	}
}

static void put_line(void *arg, uint32_t message, unsigned depth)
{
	(void)str_printf(arg, "%u:%u ", message + 1, depth);
}

#define MESSAGE(id, references, reply_to, subject, re, date)                                       \
	{                                                                                          \
		{id, sizeof id - 1}, {references, sizeof references - 1},                          \
		    {reply_to, sizeof reply_to - 1}, {subject, sizeof subject - 1}, re, date       \
	}

enum { MOST = 6 };

static const struct {
	const char *what, *tree, *lines;
	thread_message in[MOST];
} forests[] = {
    {"nothing is related",
     "1 2",
     "1:0 2:0 ",
     {MESSAGE("<a>", "", "", "x", 0, 1), MESSAGE("<b>", "", "", "y", 0, 2)}},
    {"sorted by date",
     "2 1",
     "2:0 1:0 ",
     {MESSAGE("<a>", "", "", "x", 0, 2), MESSAGE("<b>", "", "", "y", 0, 1)}},
    {"a reply",
     "1(2)",
     "1:0 2:1 ",
     {MESSAGE("<a>", "", "", "x", 0, 1), MESSAGE("<b>", "", "<a>", "y", 0, 2)}},
    {"References before In-Reply-To",
     "1(3) 2",
     "1:0 3:1 2:0 ",
     {MESSAGE("<a>", "", "", "x", 0, 1), MESSAGE("<b>", "", "", "y", 0, 2),
      MESSAGE("<c>", "<a>", "<b>", "z", 0, 3)}},
    {"only the first of In-Reply-To",
     "1(3) 2",
     "1:0 3:1 2:0 ",
     {MESSAGE("<a>", "", "", "x", 0, 1), MESSAGE("<b>", "", "", "y", 0, 2),
      MESSAGE("<c>", "", "<a> <b>", "z", 0, 3)}},
    {"a reply before what it answers",
     "2(1)",
     "2:0 1:1 ",
     {MESSAGE("<b>", "<a>", "", "y", 0, 1), MESSAGE("<a>", "", "", "x", 0, 2)}},
    {"a chain by the references of the last alone",
     "1(2(3))",
     "1:0 2:1 3:2 ",
     {MESSAGE("<a>", "", "", "x", 0, 1), MESSAGE("<b>", "", "", "y", 0, 2),
      MESSAGE("<c>", "<a> <b>", "", "z", 0, 3)}},
    {"its own references count more than those of others",
     "2 4(3(1))",
     "2:0 4:0 3:1 1:2 ",
     {MESSAGE("<c>", "<a> <b>", "", "z", 0, 4), MESSAGE("<a>", "", "", "x", 0, 1),
      MESSAGE("<b>", "<d>", "", "y", 0, 3), MESSAGE("<d>", "", "", "w", 0, 2)}},
    {"one child of a missing parent takes its place",
     "1",
     "1:0 ",
     {MESSAGE("<a>", "<gone>", "", "x", 0, 1)}},
    {"two children of a missing parent",
     "D(1 2)",
     "1:0 2:1 ",
     {MESSAGE("<a>", "<gone>", "", "x", 0, 1), MESSAGE("<b>", "<gone>", "", "y", 0, 2)}},
    {"a chain of missing parents",
     "1(2 3)",
     "1:0 2:1 3:1 ",
     {MESSAGE("<a>", "", "", "x", 0, 1), MESSAGE("<b>", "<a> <g> <h>", "", "y", 0, 2),
      MESSAGE("<c>", "<a> <g>", "", "z", 0, 3)}},
    {"replies below the children of a missing parent",
     "D(1(3) 2(4))",
     "1:0 3:1 2:1 4:2 ",
     {MESSAGE("<a>", "<gone>", "", "x", 0, 1), MESSAGE("<b>", "<gone>", "", "y", 0, 2),
      MESSAGE("<c>", "<a>", "", "z", 0, 3), MESSAGE("<d>", "<b>", "", "w", 0, 4)}},
    {"a loop of two",
     "2(1)",
     "2:0 1:1 ",
     {MESSAGE("<a>", "<b>", "", "x", 0, 1), MESSAGE("<b>", "<a>", "", "y", 0, 2)}},
    {"its own parent", "1", "1:0 ", {MESSAGE("<a>", "<a>", "", "x", 0, 1)}},
    {"a loop in one field",
     "1(2)",
     "1:0 2:1 ",
     {MESSAGE("<a>", "", "", "x", 0, 1), MESSAGE("<b>", "<a> <b> <a>", "", "y", 0, 2)}},
    {"one ID twice: it is the first one's",
     "1(3) 2",
     "1:0 3:1 2:0 ",
     {MESSAGE("<a>", "", "", "x", 0, 1), MESSAGE("<a>", "", "", "y", 0, 2),
      MESSAGE("<b>", "<a>", "", "z", 0, 3)}},
    {"no ID at all",
     "1 2",
     "1:0 2:0 ",
     {MESSAGE("", "", "", "x", 0, 1), MESSAGE("", "", "", "y", 0, 1)}},
    {"quotes in IDs mean nothing",
     "1(2)",
     "1:0 2:1 ",
     {MESSAGE("<\"a\"@h>", "", "", "x", 0, 1), MESSAGE("<b>", "<a@h>", "", "y", 0, 2)}},
    {"a reply by its subject",
     "1(2)",
     "1:0 2:1 ",
     {MESSAGE("<a>", "", "", "x", 0, 1), MESSAGE("<b>", "", "", "x", 1, 2)}},
    {"a reply by its subject, before",
     "2(1)",
     "2:0 1:1 ",
     {MESSAGE("<b>", "", "", "x", 1, 1), MESSAGE("<a>", "", "", "x", 0, 2)}},
    {"the same subject twice",
     "D(1 2)",
     "1:0 2:1 ",
     {MESSAGE("<a>", "", "", "x", 0, 1), MESSAGE("<b>", "", "", "x", 0, 2)}},
    {"the same subject three times",
     "D(1 2 3)",
     "1:0 2:1 3:1 ",
     {MESSAGE("<a>", "", "", "x", 0, 1), MESSAGE("<b>", "", "", "x", 0, 2),
      MESSAGE("<c>", "", "", "x", 0, 3)}},
    {"two replies to nothing",
     "D(1 2)",
     "1:0 2:1 ",
     {MESSAGE("<a>", "", "", "x", 1, 1), MESSAGE("<b>", "", "", "x", 1, 2)}},
    {"no subject joins nobody",
     "1 2",
     "1:0 2:0 ",
     {MESSAGE("<a>", "", "", "", 1, 1), MESSAGE("<b>", "", "", "", 0, 2)}},
    {"a missing parent's children and one of their subject",
     "D(1 2 3)",
     "1:0 2:1 3:1 ",
     {MESSAGE("<a>", "<gone>", "", "x", 0, 1), MESSAGE("<b>", "<gone>", "", "y", 0, 2),
      MESSAGE("<c>", "", "", "x", 0, 3)}},
    {"two missing parents of one subject",
     "D(1 2 3 4)",
     "1:0 2:1 3:1 4:1 ",
     {MESSAGE("<a>", "<g>", "", "x", 0, 1), MESSAGE("<b>", "<g>", "", "y", 0, 2),
      MESSAGE("<c>", "<h>", "", "x", 0, 3), MESSAGE("<d>", "<h>", "", "y", 0, 4)}},
};

static void threads(void)
{
	for (size_t i = 0; i < sizeof forests / sizeof *forests; i++) {
		arena mem = arena_new(1 << 20);
		str tree = str_new(256), lines = str_new(256);
		thread_tree t;
		size_t n = 0;
		while (n < MOST && forests[i].in[n].date)
			n++;
		bool done = thread_build(forests[i].in, n, &mem, &t);
		if (done) {
			put_tree(&t, &tree);
			thread_walk(&t, put_line, &lines);
		}
		CHECK(done && strcmp(str_cstr(&tree), forests[i].tree) == 0 &&
			  strcmp(str_cstr(&lines), forests[i].lines) == 0,
		      "%s: %s, %s", forests[i].what, str_cstr(&tree), str_cstr(&lines));
		str_free(&tree);
		str_free(&lines);
		arena_free(&mem);
	}
}

static void count(void *arg, uint32_t message, unsigned depth)
{
	size_t *n = arg;
	(void)message;
	(void)depth;
	++*n;
}

/* 100,000 messages in one chain, told in the worst order, take no more than a moment. */
static void long_chain(bool backwards)
{
	enum { N = 100000 };
	static char text[N][2][16];
	thread_message *in = calloc(N, sizeof *in);
	arena mem = arena_new((size_t)1 << 30);
	thread_tree t;
	size_t n = 0;
	if (!in)
		abort();
	for (size_t i = 0; i < N; i++) {
		size_t me = backwards ? N - i : i + 1;
		(void)snprintf(text[i][0], 16, "<%zu@x>", me);
		(void)snprintf(text[i][1], 16, "<%zu@x>", me - 1);
		in[i] = (thread_message){
		    span_str(text[i][0]), span_str(text[i][1]), S(""), S(""), false, 1};
	}
	bool done = thread_build(in, N, &mem, &t);
	if (done)
		thread_walk(&t, count, &n);
	CHECK(done && n == N, "a chain of %d, %s", N, backwards ? "backwards" : "forwards");
	arena_free(&mem);
	free(in);
}

int main(void)
{
	subjects();
	folding();
	threads();
	long_chain(false);
	long_chain(true);
	return unit_done();
}
