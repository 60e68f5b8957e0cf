/* links: queue mail io base : z */
#include "queue/job.h"

#include "tests/unit/unit.h"

#define ID "0123456789ABCDEFGHJKMNPQ"

static void round_trip(void)
{
	arena a = arena_new(65536);
	str line = str_new(JOB_LINE_MAX), again = str_new(JOB_LINE_MAX);
	job j = {.id = S(ID),
		 .n = 3,
		 .path = S("/queue/new/" ID),
		 .offset = 200,
		 .size = 12345,
		 .sender = S(""),
		 .recipient = S("\"a\tb\\\\\"@x.test"),
		 .orig = S("list@x.test"),
		 .dest = S("/mail/tab\there\nand there"),
		 .mail_params = S("BODY=8BITMIME RET=HDRS"),
		 .rcpt_params = S("NOTIFY=NEVER"),
		 .attempt = 2};
	job back;
	job_write(&j, &line);
	CHECK(!line.over && span_find(str_span(&line), '\n') == line.n - 1, "one line");
	span copy = unit_copy(str_span(&line));
	CHECK(job_parse(copy, &a, &back), "parsed");
	CHECK(span_eq(back.id, j.id) && back.n == 3 && span_eq(back.path, j.path) &&
		  back.offset == 200 && back.size == 12345 && back.sender.n == 0 &&
		  span_eq(back.recipient, j.recipient),
	      "fields");
	CHECK(span_eq(back.orig, j.orig) && span_eq(back.dest, j.dest) && back.attempt == 2 &&
		  span_eq(back.mail_params, j.mail_params) &&
		  span_eq(back.rcpt_params, j.rcpt_params),
	      "keys");
	job_write(&back, &again);
	CHECK(span_eq(str_span(&again), str_span(&line)), "written again it is the same");
	free((char *)(uintptr_t)copy.p);
	str_free(&line);
	str_free(&again);
	arena_free(&a);
}

static void malformed(void)
{
	static const char *const bad[] = {
	    "",
	    "\n",
	    ID "\n",
	    ID "\t1\t/p\t0\ts@x\n",    /* no recipient */
	    "short\t1\t/p\t0\ts\tr\n", /* ID */
	    ID "\t0\t/p\t0\ts\tr\n",   /* no recipient 0 */
	    ID "\t-1\t/p\t0\ts\tr\n",
	    ID "\t1\t\t0\ts\tr\n", /* no path */
	    ID "\t1\t/p\tx\ts\tr\n",
	    ID "\t1\t/p\t0\ts\tr\tDEST\n", /* no value */
	    ID "\t1\t/p\t0\ts\tr\tSIZE=x\n",
	    ID "\t1\t/p\t0\ts\tr\\x\n", /* unknown escape */
	    ID "\t1\t/p\t0\ts\tr\\\n",	/* half an escape */
	    ID "\t1\t/p\t0\ts\tr\tATTEMPT=99999999999\n",
	};
	arena a = arena_new(65536);
	job j;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		span s = unit_copy(span_str(bad[i]));
		CHECK(!job_parse(s, &a, &j), "malformed %zu", i);
		free((char *)(uintptr_t)s.p);
	}
	CHECK(!job_parse(S(ID "\t1\t/p\0x\t0\ts\tr\n"), &a, &j), "a NUL");
	CHECK(job_parse(S(ID "\t1\t/p\t0\ts\tr\tFUTURE=1\n"), &a, &j) && j.attempt == 1,
	      "an unknown key");
	CHECK(job_parse(S(ID "\t1\t/p\t0\t\tr"), &a, &j) && j.sender.n == 0, "without LF");
	char *huge = malloc(JOB_LINE_MAX + 1);
	memset(huge, 'x', JOB_LINE_MAX + 1);
	CHECK(!job_parse(span_of(huge, JOB_LINE_MAX + 1), &a, &j), "too long");
	free(huge);
	arena_free(&a);
}

static void results(void)
{
	str line = str_new(2048);
	job_result r;
	status st = status_make(67, 550, "5.1.1", "no such user: \"kim\"");
	job_result_write(&(job_result){.id = S(ID), .n = 10000, .st = st}, &line);
	CHECK(job_result_parse(str_span(&line), &r), "parsed");
	CHECK(span_eq(r.id, S(ID)) && r.n == 10000 && r.st.code == 67 && r.st.reply == 550 &&
		  strcmp(r.st.enhanced, "5.1.1") == 0 && strcmp(r.st.text, st.text) == 0,
	      "fields");
	for (size_t n = 0; n < line.n; n++)
		if (job_result_parse(span_sub(str_span(&line), 0, n), &r))
			CHECK(0, "torn at %zu", n);
	for (size_t n = 0; n < line.n; n++) {
		line.p[n] ^= 1;
		if (job_result_parse(str_span(&line), &r))
			CHECK(0, "changed at %zu", n);
		line.p[n] ^= 1;
	}
	str_clear(&line);
	st = status_make(0, 0, "", "%s", "");
	job_result_write(&(job_result){.id = S(ID), .n = 1, .st = st}, &line);
	CHECK(job_result_parse(str_span(&line), &r) && r.st.code == 0 && r.st.text[0] == 0,
	      "no words");
	str_free(&line);
}

static void remote(void)
{
	static const struct {
		const char *word;
		int reply;
		const char *name;
		bool dsn, good;
	} cases[] = {
	    {"0", 0, "", false, true},
	    {"250", 250, "", false, true},
	    {"250/dsn/mx.test[192.0.2.1]", 250, "mx.test[192.0.2.1]", true, true},
	    {"451//mx.test[2001:db8::1]", 451, "mx.test[2001:db8::1]", false, true},
	    {"250//run/lmtp/socket", 250, "run/lmtp/socket", false, true},
	    {"0/dsn/", 0, "", true, true},
	    {"250/", 0, "", false, false},
	    {"250/dsn", 0, "", false, false},
	    {"250/other/x", 0, "", false, false},
	    {"600", 0, "", false, false},
	    {"", 0, "", false, false},
	    {"/dsn/x", 0, "", false, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span word = unit_copy(span_str(cases[i].word));
		str again = str_new(1024);
		int reply = 0;
		remote_mta r;
		bool good = remote_mta_parse(word, &reply, &r);
		CHECK(good == cases[i].good, "\"%s\"", cases[i].word);
		if (good) {
			CHECK(reply == cases[i].reply && r.dsn == cases[i].dsn &&
				  span_eq(r.name, span_str(cases[i].name)),
			      "its parts");
			remote_mta_write(reply, &r, &again);
			CHECK(span_eq(str_span(&again), word), "written again");
		}
		str_free(&again);
		free((char *)(uintptr_t)word.p);
	}
	str to = str_new(1024);
	remote_mta_write(250, &(remote_mta){.name = S("a b\nc\xff/d")}, &to);
	CHECK(span_eq(str_span(&to), S("250//a?b?c?/d")), "octets that would break the line");
	str_free(&to);
}

int main(void)
{
	round_trip();
	malformed();
	results();
	remote();
	return unit_done();
}
