/* links: mail io base */
#include "mail/pick.h"
#include "io/conv.h"
#include "mail/header.h"

#include "tests/unit/unit.h"

enum { NOW = 1795510800 }; /* Tue, 24 Nov 2026 09:00:00 +0000 */

static const char message[] = "Received: by a\n"
			      "Received: by b\n"
			      "From: =?utf-8?B?6rmA7LKg7IiY?= <kim@example.org>\n"
			      "To: \"Lee, J\" <lee@x>, (note) Bob@Example.org\n"
			      "Subject: =?utf-8?Q?=C3=9Cber?=  the\n\tplan\n"
			      "Date: Mon, 23 Nov 2026 09:00:00 +0000\n"
			      "\n"
			      "From: a body\n"
			      "Hello  there,\nfriend.\n";

static conv *converters;

/* Asked level by level, the header given in pieces of `step` octets at first. */
static enum pick_truth ask(const char *expression, size_t step, enum pick_level *level)
{
	span text = unit_copy(span_str(expression));
	charset_opener opener = conv_opener(converters);
	pick_error e;
	pick *p = pick_parse(text, NOW, &e);
	free((char *)(uintptr_t)text.p);
	if (!p)
		return PICK_UNKNOWN;
	pick_facts f = {.flags = S("FS"),
			.is_new = true,
			.arrived = NOW - 3600,
			.octets = 5000,
			.opener = &opener};
	*level = PICK_NAME;
	enum pick_truth t = pick_match(p, &f, PICK_NAME);
	for (size_t n = step; t == PICK_UNKNOWN && *level < PICK_BODY; n += step) {
		f.header_cut = n < sizeof message - 1;
		f.header = unit_copy(span_sub(span_str(message), 0, n));
		*level = PICK_HEADER;
		t = pick_match(p, &f, PICK_HEADER);
		bool cut = pick_was_cut(p);
		free((char *)(uintptr_t)f.header.p);
		if (t != PICK_UNKNOWN || cut)
			continue;
		f.message = f.header = span_str(message);
		f.header_cut = false;
		*level = PICK_BODY;
		t = pick_match(p, &f, PICK_BODY);
	}
	pick_free(p);
	return t;
}

static void answers(void)
{
	static const struct {
		const char *expression;
		bool yes;
		enum pick_level level; /* that is enough */
	} cases[] = {
	    {"flag F", true, PICK_NAME},
	    {"flag FT", false, PICK_NAME},
	    {"not flag T", true, PICK_NAME},
	    {"new", true, PICK_NAME},
	    {"arrived > -2h", true, PICK_NAME},
	    {"arrived > -30m", false, PICK_NAME},
	    {"size > 4k", true, PICK_HEADER},
	    {"size = 5000", true, PICK_HEADER},
	    {"size < 4.8k", false, PICK_HEADER},
	    {"size <= 4.9k", true, PICK_HEADER},
	    {"from ~ 김철", true, PICK_HEADER},
	    {"FROM ~ KIM@", true, PICK_HEADER},
	    {"from ~ body", false, PICK_HEADER},
	    {"received ~ \"by b\"", true, PICK_HEADER},
	    {"received ~~ \"^by [b]$\"", true, PICK_HEADER},
	    {"received = \"by b\"", true, PICK_HEADER},
	    {"subject ~ \"über the plan\"", true, PICK_HEADER},
	    {"subject = \"Über  the plan\"", true, PICK_HEADER},
	    {"subject = \"über the plan\"", false, PICK_HEADER},
	    {"to = bob@example.org", true, PICK_HEADER},
	    {"to = 'Lee, J'", true, PICK_HEADER},
	    {"to = lee", false, PICK_HEADER},
	    {"to !~ lee", false, PICK_HEADER},
	    {"cc ~ ''", false, PICK_HEADER},
	    {"header to ~ ''", true, PICK_HEADER},
	    {"date = 2026-11-23", true, PICK_HEADER},
	    {"date = \"2026-11-23 09:00\"", true, PICK_HEADER},
	    {"date < -1d", false, PICK_HEADER},
	    {"date <= -1d", true, PICK_HEADER},
	    {"date < -23h and date > -25h", true, PICK_HEADER},
	    {"date = yesterday", true, PICK_HEADER},
	    {"date >= today", false, PICK_HEADER},
	    {"body ~ 'hello there, friend'", true, PICK_BODY},
	    {"body ~~ '^friend'", true, PICK_BODY},
	    {"body ~ über", false, PICK_BODY},
	    {"body !~ über", true, PICK_BODY},
	    /* what is cheap decides */
	    {"body ~ x and not new", false, PICK_NAME},
	    {"body ~ x or new", true, PICK_NAME},
	    {"not (body ~ x or new)", false, PICK_NAME},
	    {"body ~ x and from ~ nobody", false, PICK_HEADER},
	    {"(body ~ x or from ~ kim) and new", true, PICK_HEADER},
	    {"body ~ x and from ~ kim", false, PICK_BODY},
	    {"new and flag F or flag T and flag T", true, PICK_NAME},
	    {"flag T or flag T and new or not not not flag T", true, PICK_NAME},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum pick_level level;
		enum pick_truth t = ask(cases[i].expression, sizeof message - 1, &level);
		CHECK(t == (cases[i].yes ? PICK_YES : PICK_NO) && level == cases[i].level, "%s",
		      cases[i].expression);
		bool same = true;
		for (size_t step = 1; step < 40; step++)
			same = same && ask(cases[i].expression, step, &level) == t;
		CHECK(same, "%s, whatever piece of the header is there", cases[i].expression);
	}
}

static void errors(void)
{
	static const struct {
		const char *expression;
		size_t at;
	} cases[] = {
	    {"", 0},
	    {" ", 1},
	    {"from", 4},
	    {"from ~", 6},
	    {"from ~ )", 7},
	    {"from < x", 5},
	    {"from ~ \"x", 7},
	    {"from ~ x y", 9},
	    {"(new", 0},
	    {"new)", 3},
	    {"()", 1},
	    {"not", 3},
	    {"new and", 7},
	    {"and new", 4},
	    {"flag", 4},
	    {"flag 1", 5},
	    {"date < x", 7},
	    {"date < 2026-11-32", 7},
	    {"date < 2026-11-24T25:00", 7},
	    {"date < -5x", 7},
	    {"size > 1q", 7},
	    {"size ~ 1", 5},
	    {"body = x", 5},
	    {"from ~~ (", 8},
	    {"from ~~ '('", 8},
	    {"a:b ~ x", 0},
	    {"header ~ x", 7},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span text = unit_copy(span_str(cases[i].expression));
		pick_error e;
		pick *p = pick_parse(text, NOW, &e);
		CHECK(!p && e.text && e.at == cases[i].at, "\"%s\" is wrong at %zu, %s",
		      cases[i].expression, e.at, e.text ? e.text : "not at all");
		pick_free(p);
		free((char *)(uintptr_t)text.p);
	}
}

int main(void)
{
	if (setenv("TZ", "UTC", 1) < 0)
		abort();
	converters = conv_new();
	answers();
	errors();
	conv_free(converters);
	return unit_done();
}
