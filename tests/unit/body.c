/* links: mail io base : z */
#include "mail/body.h"

#include "io/conv.h"
#include "tests/unit/unit.h"

#define ALT "Content-Type: multipart/alternative; boundary=b\n"
#define MIX "Content-Type: multipart/mixed; boundary=m\n"
#define REL "Content-Type: multipart/related; boundary=r\n"
#define P "\n--b\n\n"
#define H "\n--b\nContent-Type: text/html\n\n"
#define E "\n--b--\n"
#define NOTHING "<img src=x>"

/* A letter a part, in the order of the tree: 'c'ontainer, 'm'essage, 't'ext, 'a'ttached, '-' hidden. */
static const struct {
	const char *name, *message, *roles;
} cases[] = {
    {"plain", "\nx", "t"},
    {"HTML", "Content-Type: text/html\n\n" NOTHING, "t"},
    {"a picture", "Content-Type: image/png\n\nx", "a"},
    {"a calendar is data", "Content-Type: text/calendar\n\nx", "a"},
    {"an unknown encoding", "Content-Transfer-Encoding: x-x\n\nx", "a"},
    {"all one attachment is read", "Content-Disposition: attachment\n\nx", "t"},
    {"text that is attached", MIX "\n--m\nContent-Disposition: attachment\n\nx\n--m\n\ny\n--m--\n",
     "cat"},
    {"plain before HTML", ALT P "x" H "y" E, "ct-"},
    {"the order does not matter", ALT H "y" P "x" E, "c-t"},
    {"plain is blank", ALT P " \n\t" H "y" E, "c-t"},
    {"plain is nothing", ALT P H "y" E, "c-t"},
    {"both are nothing", ALT P H NOTHING E, "c-t"},
    {"HTML is nothing beside another text",
     ALT "\n--b\nContent-Type: text/enriched\n\nx" H NOTHING E, "ct-"},
    {"HTML before another text", ALT H "x\n--b\nContent-Type: text/enriched\n\nx" E, "ct-"},
    {"the last of two", ALT H "x" H "y" E, "c-t"},
    {"the last of two that is something", ALT H "x" H NOTHING E, "ct-"},
    {"HTML with its pictures",
     ALT P "\n--b\n" REL
	   "\n--r\nContent-Type: text/html\n\nx\n--r\nContent-Type: image/png\n\ny\n--r--" E,
     "c-cta"},
    {"what is hidden hides what it holds",
     ALT P "x\n--b\n" REL
	   "\n--r\nContent-Type: text/html\n\nx\n--r\nContent-Type: image/png\n\ny\n--r--" E,
     "ct--a"},
    {"nothing can be read",
     ALT "\n--b\nContent-Type: image/png\n\nx\n--b\nContent-Type: image/gif\n\ny" E, "caa"},
    {"a bounce",
     "Content-Type: multipart/report; boundary=b\n" P
     "x\n--b\nContent-Type: message/delivery-status\n\nA: b\n"
     "--b\nContent-Type: message/rfc822\n\nS: x\n\ny" E,
     "cttmt"},
};

static void roles(void)
{
	static const char letters[] = {'c', 'm', 't', 'a', '-'};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].message));
		arena a = arena_new(1 << 20);
		part_tree t;
		enum body_role got[20];
		char said[21] = "";
		bool done = part_parse(in, &a, &t) && t.count <= 20;
		if (done)
			body_roles(&t, got);
		for (size_t j = 0; done && j < t.count; j++)
			said[j] = letters[got[j]];
		CHECK(strcmp(said, cases[i].roles) == 0, "%s: %s", cases[i].name, said);
		arena_free(&a);
		free((char *)(uintptr_t)in.p);
	}
}

static bool refuse(void *arg, span utf8, str *to)
{
	*(size_t *)arg += utf8.n;
	(void)str_put(to, S("half of it"));
	return false;
}

static bool convert(void *arg, span utf8, str *to)
{
	*(size_t *)arg += utf8.n;
	return str_put(to, S("mine"));
}

static void reads(const char *what, const char *message, body_filter *filter, const char *want)
{
	conv *c = conv_new();
	charset_opener opener = conv_opener(c);
	size_t asked = 0;
	body_style style = {.opener = &opener, .columns = 40, .html = filter, .html_arg = &asked};
	span in = unit_copy(span_str(message));
	arena a = arena_new(1 << 20);
	part_tree t;
	str text = str_new(10000);
	if (part_parse(in, &a, &t))
		body_text(t.parts, &style, &text);
	CHECK(span_eq(span_trim(str_span(&text)), span_str(want)), "%s: %s", what, str_cstr(&text));
	CHECK((asked > 0) == (filter != NULL), "%s: the filter is asked for HTML", what);
	str_free(&text);
	arena_free(&a);
	free((char *)(uintptr_t)in.p);
	conv_free(c);
}

int main(void)
{
	roles();
	reads("plain", "\nx\n", NULL, "x");
	reads("HTML", "Content-Type: text/html\n\n<b>x</b>", NULL, "x");
	reads("by a filter", "Content-Type: text/html\n\n<b>x</b>", convert, "mine");
	reads("by one that fails", "Content-Type: text/html\n\n<b>x</b>", refuse, "x");
	reads("a mark of byte order", "Content-Type: text/plain; charset=utf-8\n\n\xef\xbb\xbfx",
	      NULL, "x");
	reads("a charset in the HTML", "Content-Type: text/html\n\n<meta charset=euc-kr>\xc7\xd1",
	      NULL, "한");
	reads("the parameter before it",
	      "Content-Type: text/html; charset=utf-8\n\n<meta charset=euc-kr>한", NULL, "한");
	reads("an unknown one", "Content-Type: text/plain; charset=x\n\na\xff", NULL,
	      "[unknown charset x]\na\\xff");
	return unit_done();
}
