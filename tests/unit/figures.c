/* links: queue mail io base : z */
#include "queue/figures.h"

#include "io/log_event.h"
#include "tests/unit/unit.h"

static void events(void)
{
	static const struct {
		const char *line, *command, *name, *hour;
	} cases[] = {
	    {"queue-run: event=relayed id=X", "queue-run", "relayed", ""},
	    {"Nov 24 13:00:01 host queue-run[7]: event=relayed id=X\n", "queue-run", "relayed",
	     "Nov 24 13"},
	    {"Nov  3 03:00:01 host queue-run: event=hop-paused", "queue-run", "hop-paused",
	     "Nov  3 03"},
	    {"<22>Nov  3 03:00:01 host queue-run: event=x", "queue-run", "x", "Nov  3 03"},
	    {"2026-11-24T13:00:01.123456+09:00 h smtp-recv[1]: event=accepted", "smtp-recv",
	     "accepted", "2026-11-24 13"},
	    {"2026-11-24 13:00:01 h smtp-recv[1]: event=accepted", "smtp-recv", "accepted",
	     "2026-11-24 13"},
	    {"1700000000.123 h smtp-recv[1]: event=accepted", "smtp-recv", "accepted", ""},
	    {"postfix/smtpd[1]: connect from x", NULL, NULL, NULL},
	    {"event=x", NULL, NULL, NULL},
	    {": event=x", NULL, NULL, NULL},
	    {"a: event=", NULL, NULL, NULL},
	    {"a: event=<b>", NULL, NULL, NULL},
	    {"a event=b", NULL, NULL, NULL},
	    {"", NULL, NULL, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span line = unit_copy(span_str(cases[i].line));
		log_event e;
		str hour = str_new(64);
		bool good = log_event_parse(line, &e);
		CHECK(good == (cases[i].command != NULL), "line %zu", i);
		if (good && cases[i].command) {
			log_event_hour(&e, &hour);
			CHECK(span_eq(e.command, span_str(cases[i].command)) &&
				  span_eq(e.name, span_str(cases[i].name)),
			      "its command and event");
			CHECK(span_eq(str_span(&hour), span_str(cases[i].hour)), "its hour: %s",
			      str_cstr(&hour));
		}
		str_free(&hour);
		free((char *)(uintptr_t)line.p);
	}
}

static void values(void)
{
	log_event e;
	str v = str_new(64);
	CHECK(
	    log_event_parse(S("a: event=b from= to=x\\x20\\x5cy\\xzz size=12 n=-1 last=\\x4"), &e),
	    "a line");
	CHECK(log_event_get(&e, "from", &v) && v.n == 0, "an empty value");
	CHECK(log_event_get(&e, "to", &v) && span_eq(str_span(&v), S("x \\y\\xzz")), "escapes");
	CHECK(log_event_get(&e, "last", &v) && span_eq(str_span(&v), S("\\x4")), "half an escape");
	CHECK(log_event_number(&e, "size") == 12 && log_event_number(&e, "n") == 0 &&
		  log_event_number(&e, "none") == 0,
	      "numbers");
	CHECK(!log_event_get(&e, "ize", &v), "no part of a key");
	str_free(&v);
}

static void names(void)
{
	tally t = tally_new(3);
	char name[16];
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof name, "n%d", i % 10);
		tally_at(&t, span_str(name))->v[0]++;
	}
	CHECK(t.count == 4, "three and the others");
	tally_sort(&t, 0);
	CHECK(strcmp(t.rows[0].key, "(others)") == 0 && t.rows[0].v[0] == 700, "their sum");
	CHECK(strcmp(t.rows[1].key, "n0") == 0 && t.rows[1].v[0] == 100, "equal ones by name");
	tally_free(&t);
	t = tally_new(1000000);
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof name, "n%d", i);
		tally_at(&t, span_str(name))->v[1] += (uint64_t)i;
	}
	tally_sort(&t, 1);
	CHECK(t.count == 5000 && t.rows[0].v[1] == 4999 && t.rows[4999].v[1] == 0, "many");
	tally_free(&t);
}

static const char log_text[] =
    "2026-11-23T23:59:59Z h smtp-recv: event=accepted from=old size=1\n"
    "2026-11-24T10:00:00Z h smtp-recv: event=accepted id=1 from=a@x.test size=1000\n"
    "2026-11-24T10:00:01Z h queue-add: event=queued id=2 from= size=10\n"
    "2026-11-24T10:00:02Z h queue-run: event=delivered id=1 relay=deliver-maildir dest=/m delay=2 "
    "code=0\n"
    "2026-11-24T11:00:02Z h smtp-send: event=delivered id=1 to=b dest=far.test code=0 reply=250\n"
    "2026-11-24T11:00:02Z h queue-run: event=relayed id=2 relay=smtp-send dest=far.test "
    "delay=100000\n"
    "2026-11-24T11:00:03Z h queue-run: event=deferred id=3 relay=smtp-send dest=\"q\\x22.test "
    "delay=1\n"
    "2026-11-24T11:00:04Z h smtp-recv: event=refused ip=192.0.2.1 code=69 reply=550 "
    "enhanced=5.7.1\n"
    "2026-11-24T11:00:04Z h kernel: something else\n";

static bool has(const str *s, const char *text)
{
	return memmem(s->p, s->n, text, strlen(text)) != NULL;
}

static void forms(void)
{
	figures f = figures_new();
	str to = str_new(1 << 20);
	span rest = span_str(log_text);
	while (rest.n) {
		span line = span_sub(rest, 0, span_find(rest, '\n') + 1);
		rest = span_sub(rest, line.n, rest.n);
		figures_line(&f, line, S("2026-11-24"));
	}
	CHECK(f.octets == 1010 && f.lines == 9 && f.others == 1, "of that day alone");
	figures_table(&f, 10, &to);
	CHECK(has(&to, "far.test                                          1          0          0  "
		       " 100000.0\n"),
	      "a destination");
	CHECK(has(&to, "2026-11-24 11                                     0          1          1  "
		       "        0\n") &&
		  !has(&to, "2026-11-23"),
	      "an hour");
	CHECK(has(&to, "<>  ") && has(&to, "550 5.7.1  ") && has(&to, "longer  "), "the others");
	str_clear(&to);
	figures_json(&f, &to);
	CHECK(has(&to, "{\"figure\":\"destination\",\"name\":\"far.test\",\"done\":1,\"deferred\":"
		       "0,\"failed\":0,"
		       "\"seconds\":100000}\n"),
	      "as JSON");
	CHECK(has(&to, "{\"figure\":\"hour\",\"name\":\"2026-11-24 10\",\"taken\":2,\"done\":1,"),
	      "an hour");
	str_clear(&to);
	figures_prometheus(&f, &to);
	CHECK(has(&to, "pabal_events_total{command=\"queue-run\",event=\"relayed\"} 1\n"),
	      "as metrics");
	CHECK(
	    has(&to, "pabal_delay_seconds_bucket{le=\"3\"} 1\n") &&
		has(&to,
		    "pabal_delay_seconds_bucket{le=\"+Inf\"} 2\npabal_delay_seconds_sum 100002\n"),
	    "buckets are cumulative");
	CHECK(has(&to, "{destination=\"\\\"q\\\".test\",outcome=\"deferred\"} 1\n"),
	      "quotes: escaped");
	str_free(&to);
	figures_free(&f);
}

int main(void)
{
	events();
	values();
	names();
	forms();
	return unit_done();
}
