/* links: queue mail io base : z */
#include "queue/choose.h"

#include "tests/unit/queue_dir.h"

static void patterns(void)
{
	static const struct {
		const char *pattern, *address;
		bool match;
	} cases[] = {
	    {"a@x.test", "a@x.test", true},
	    {"a@x.test", "a@X.TEST", true},
	    {"a@x.test", "A@x.test", false},
	    {"a@x.test", "aa@x.test", false},
	    {"*@x.test", "a@x.test", true},
	    {"*@X.test", "\"b c\"@x.TEST", true},
	    {"*@x.test", "a@sub.x.test", false},
	    {"*@x.test", "a@xx.test", false},
	    {"*@x.test", "<>", false},
	    {"<>", "<>", true},
	    {"<>", "a@x.test", false},
	    {"\"*\"@x.test", "a@x.test", false},
	    {"*@[192.0.2.1]", "a@[192.0.2.1]", true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		choice c = choice_new();
		addr a;
		CHECK(choice_add(&c, &c.senders, span_str(cases[i].pattern)), "%s is a pattern",
		      cases[i].pattern);
		CHECK(addr_mailbox(span_str(cases[i].address), &c.mem, &a) == ADDR_OK, "address");
		CHECK(choose_match(&c.senders.v[0], &a) == cases[i].match, "%s and %s",
		      cases[i].pattern, cases[i].address);
		choice_free(&c);
	}
	static const char *const wrong[] = {"",		  "*@",	   "@x.test",
					    "*",	  "a@",	   "*x@y.test",
					    "a b@x.test", "*@x y", "*@x.test,b@x.test"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		choice c = choice_new();
		CHECK(!choice_add(&c, &c.rcpts, span_str(wrong[i])), "\"%s\" is no pattern",
		      wrong[i]);
		choice_free(&c);
	}
}

static void messages(void)
{
	static const struct {
		const char *senders[2], *rcpts[2];
		enum qlog_event first;
		bool match;
	} cases[] = {
	    {{NULL}, {NULL}, QLOG_NONE, true},
	    {{"s@y.test"}, {NULL}, QLOG_NONE, true},
	    {{"t@y.test"}, {NULL}, QLOG_NONE, false},
	    {{"t@y.test", "*@y.test"}, {NULL}, QLOG_NONE, true},
	    {{NULL}, {"b@x.test"}, QLOG_NONE, true},
	    {{NULL}, {"b@x.test"}, QLOG_DEFERRED, true},
	    {{NULL}, {"b@x.test"}, QLOG_FAILED, true},
	    {{NULL}, {"b@x.test"}, QLOG_RELAYED, false},
	    {{NULL}, {"b@x.test"}, QLOG_EXPANDED, false},
	    {{NULL}, {"*@x.test", "c@z.test"}, QLOG_DELIVERED, true},
	    {{"s@y.test"}, {"d@x.test"}, QLOG_NONE, false},
	    {{"t@y.test"}, {"b@x.test"}, QLOG_NONE, false},
	};
	arena a = arena_new(65536);
	envelope e = envelope_text(
	    "MAIL FROM:<s@y.test>\nRCPT TO:<b@x.test>\nRCPT TO:<c@z.test>\nDATA\n", &a);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		choice c = choice_new();
		qlog l;
		CHECK(qlog_start(&l, -1, "00000000000000000000000A", &e), "a log");
		l.rcpts[0].event = cases[i].first;
		for (size_t k = 0; k < 2; k++) {
			if (cases[i].senders[k])
				CHECK(choice_add(&c, &c.senders, span_str(cases[i].senders[k])),
				      "ok");
			if (cases[i].rcpts[k])
				CHECK(choice_add(&c, &c.rcpts, span_str(cases[i].rcpts[k])), "ok");
		}
		CHECK(choose_message(&c, &e, &l) == cases[i].match, "message %zu", i);
		qlog_close(&l);
		choice_free(&c);
	}
	arena_free(&a);
}

static void hops(void)
{
	choice c = choice_new();
	CHECK(choose_hop(&c, S("x.test")), "none asked for: any");
	CHECK(!choice_add_hop(&c, S("")), "an empty one is none");
	CHECK(choice_add_hop(&c, S("x.test")) && choice_add_hop(&c, S("[mx.y.test]:25")), "two");
	CHECK(choose_hop(&c, S("X.Test")) && choose_hop(&c, S("[mx.y.test]:25")), "both");
	CHECK(!choose_hop(&c, S("mx.x.test")) && !choose_hop(&c, S("")), "no others");
	choice_free(&c);
}

int main(void)
{
	patterns();
	messages();
	hops();
	return unit_done();
}
