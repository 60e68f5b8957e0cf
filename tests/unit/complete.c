/* links: mail base */
/* What a submission server adds, to a header and to an address. */
#include "mail/complete.h"

#include <string.h>

#include "tests/unit/unit.h"

static const complete WHAT = {.from = {"<a@x>", 5},
			      .message_id = {"<1@me>", 6},
			      .domain = {"d.example", 9},
			      .epoch = 0,
			      .zone = 0};

#define ADDED "Date: Thu, 1 Jan 1970 00:00:00 +0000\nFrom: <a@x>\nMessage-ID: <1@me>\n"

static void headers(void)
{
	static const struct {
		const char *in, *out;
		size_t used;
	} cases[] = {
	    {"", ADDED, 0},
	    {"\n", ADDED "\n", 1},
	    {"\nbody\n", ADDED "\n", 1},
	    {"body\n", ADDED "\n", 0},
	    {"X: y\n\nb", ADDED "X: y\n\n", 6},
	    {"X: y\n", ADDED "X: y\n", 5},
	    {"X: y\nbody\n", ADDED "X: y\n\n", 5},
	    {"From: a\ndate: x\nmessage-id: y\n\n", "From: a@d.example\ndate: x\nmessage-id: y\n\n",
	     31},
	    {"From:a,b@x,\"c\" <c>\nDate: x\nMessage-ID: y\n\n",
	     "From:a@d.example,b@x,\"c\" <c@d.example>\nDate: x\nMessage-ID: y\n\n", 42},
	    {"From: g: a, b;\n (c)\nDate: x\nMessage-ID: y\n\n",
	     "From: g: a@d.example, b@d.example;\n (c)\nDate: x\nMessage-ID: y\n\n", 43},
	    {"From: \"a\", a <a>\nDate: x\nMessage-ID: y\nSubject: a\n\n",
	     "From: \"a\", a <a@d.example>\nDate: x\nMessage-ID: y\nSubject: a\n\n", 51},
	    {"To: b <x@y>, b, b: b, b@z;\nFrom: c@d\nDate: x\nMessage-ID: y\n\n",
	     "To: b <x@y>, b@d.example, b: b@d.example, b@z;\nFrom: c@d\nDate: x\nMessage-ID: "
	     "y\n\n",
	     60},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str to = str_new(65536);
		span in = unit_copy(span_str(cases[i].in));
		size_t used = complete_header(&WHAT, in, &to);
		CHECK(span_eq(str_span(&to), span_str(cases[i].out)) && used == cases[i].used,
		      "header %zu: %zu %s", i, used, str_cstr(&to));
		free((char *)(uintptr_t)in.p);
		str_free(&to);
	}
}

static void put_author(void *arg, const addr *a, span name)
{
	(void)name;
	addr_write(a, arg);
	(void)str_putc(arg, ' ');
}

static void authors(void)
{
	static const struct {
		const char *in, *out;
		bool good;
	} cases[] = {
	    {"From: a@x, b@y\nSender: c@z\n\n", "a@x b@y ", true},
	    {"From: a@x\nFrom: b@y\n\n", "a@x b@y ", true},
	    {"From: a@x\nResent-From: c@z\n\n", "c@z ", true},
	    {"Subject: x\n\nFrom: a@x\n", "", false},
	    {"From: a@\n\n", "", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str to = str_new(4096);
		arena mem = arena_new(65536);
		bool good = complete_authors(span_str(cases[i].in), &mem, put_author, &to);
		CHECK(good == cases[i].good && span_eq(str_span(&to), span_str(cases[i].out)),
		      "authors %zu: %s", i, str_cstr(&to));
		arena_free(&mem);
		str_free(&to);
	}
}

int main(void)
{
	headers();
	authors();
	return unit_done();
}
