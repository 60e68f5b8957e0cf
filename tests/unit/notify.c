/* links: queue mail io base : z */
#include "queue/notify.h"

#include "tests/unit/queue_dir.h"

/* A log of one alias with `count` members, or of a plain recipient (0). */
static void make(const char *params, size_t count, arena *a, qlog *l, qlog_rcpt *rcpts)
{
	char text[512];
	addr member;
	(void)snprintf(text, sizeof text, "MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test>%s\nDATA\n",
		       params);
	envelope env = envelope_text(arena_cstr(a, span_str(text)), a); /* borrows it */
	(void)addr_mailbox(S("m@d.test"), a, &member);
	rcpts[0] =
	    (qlog_rcpt){.path = env.rcpts[0], .event = count ? QLOG_EXPANDED : QLOG_DELIVERED};
	for (size_t i = 1; i <= count; i++)
		rcpts[i] = (qlog_rcpt){.path = env.rcpts[0], .parent = 1, .event = QLOG_DELIVERED};
	for (size_t i = 1; i <= count; i++)
		rcpts[i].path.addr = member;
	*l = (qlog){.fd = -1, .dir = -1, .rcpts = rcpts, .count = count + 1};
}

/* What is due of the alias and of its first member, and what goes on to a next hop of that one. */
static void lists(void)
{
	static const struct {
		const char *params;
		size_t members;
		bool alias, member;
		const char *onward;
	} cases[] = {
	    {"", 0, false, false, ""},
	    {" NOTIFY=SUCCESS", 0, true, false, "NOTIFY=SUCCESS"},
	    {" NOTIFY=success,FAILURE", 0, true, false, "NOTIFY=success,FAILURE"},
	    {" NOTIFY=NEVER", 0, false, false, "NOTIFY=NEVER"},
	    {" NOTIFY=SUCCESS", 1, false, true, "NOTIFY=SUCCESS ORCPT=rfc822;c@d.test"},
	    {" NOTIFY=SUCCESS", 2, true, false, "NOTIFY=NEVER ORCPT=rfc822;c@d.test"},
	    {" NOTIFY=SUCCESS,DELAY,FAILURE ORCPT=rfc822;x@y", 3, true, false,
	     "NOTIFY=DELAY,FAILURE ORCPT=rfc822;x@y"},
	    {" ORCPT=rfc822;x@y", 2, false, false, "ORCPT=rfc822;x@y"},
	    {"", 2, false, false, "ORCPT=rfc822;c@d.test"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena a = arena_new(65536);
		str to = str_new(4096);
		qlog_rcpt rcpts[8];
		qlog l;
		make(cases[i].params, cases[i].members, &a, &l, rcpts);
		CHECK(notify_success_due(&l, rcpts) == cases[i].alias, "alias %zu", i);
		if (cases[i].members)
			CHECK(notify_success_due(&l, rcpts + 1) == cases[i].member, "member %zu",
			      i);
		notify_params(&l, cases[i].members ? rcpts + 1 : rcpts, &to);
		CHECK(span_eq(str_span(&to), span_str(cases[i].onward)), "onward %zu: %s", i,
		      str_cstr(&to));
		str_free(&to);
		arena_free(&a);
	}
}

static void events(void)
{
	static const struct {
		enum qlog_event event;
		bool dsn, reported, due;
	} cases[] = {
	    {QLOG_DELIVERED, false, false, true}, {QLOG_DELIVERED, false, true, false},
	    {QLOG_RELAYED, false, false, true},	  {QLOG_RELAYED, true, false, false},
	    {QLOG_DEFERRED, false, false, false}, {QLOG_FAILED, false, false, false},
	    {QLOG_BOUNCED, false, false, false},  {QLOG_NONE, false, false, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena a = arena_new(65536);
		qlog_rcpt rcpts[8];
		qlog l;
		make(" NOTIFY=SUCCESS", 0, &a, &l, rcpts);
		rcpts->event = cases[i].event;
		rcpts->by.dsn = cases[i].dsn;
		rcpts->reported = cases[i].reported;
		CHECK(notify_success_due(&l, rcpts) == cases[i].due, "event %zu", i);
		arena_free(&a);
	}
}

/* A list in a list: who is below any expansion of several hears of no success; loops of numbers end. */
static void nested(void)
{
	arena a = arena_new(65536);
	qlog_rcpt rcpts[8];
	qlog l;
	make(" NOTIFY=SUCCESS", 3, &a, &l, rcpts);
	rcpts[1].event = QLOG_EXPANDED;
	rcpts[2].parent = rcpts[3].parent = 2;
	CHECK(!notify_success_due(&l, rcpts) && notify_success_due(&l, rcpts + 1),
	      "one member that has two: that one is expanded");
	CHECK(!notify_success_due(&l, rcpts + 3), "not its members");
	CHECK(notify_root(&l, rcpts + 3) == rcpts, "the root");
	rcpts[0].parent = 4;
	(void)notify_root(&l, rcpts + 3);
	(void)notify_wants(&l, rcpts + 3, NOTIFY_SUCCESS);
	CHECK(1, "a loop ends");
	arena_free(&a);
}

int main(void)
{
	lists();
	events();
	nested();
	return unit_done();
}
