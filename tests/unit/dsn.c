/* links: queue mail io base : z */
#include "queue/dsn.h"

#include <sys/resource.h>

#include "io/out.h"
#include "queue/qadd.h"
#include "tests/unit/queue_dir.h"

/* A claimed message in memory and a temporary file; recipients failed with `st`. */
static void make(const char *env, const char *message, const status *st, arena *a, qmsg *m, qlog *l)
{
	*m = (qmsg){.fd = file_temp(), .arrived = 1700000000, .size = strlen(message)};
	(void)snprintf(m->id, sizeof m->id, "01ARZ3NDEKTSV4RRFFQ69G5F");
	m->env = envelope_text(env, a);
	if (m->fd < 0 || !write_all(m->fd, span_str(message)))
		abort();
	*l = (qlog){.fd = -1, .dir = -1, .count = m->env.rcpt_count};
	l->rcpts = calloc(8, sizeof *l->rcpts);
	for (size_t i = 0; i < l->count; i++)
		l->rcpts[i] = (qlog_rcpt){
		    .path = m->env.rcpts[i], .event = QLOG_FAILED, .when = 1700000100, .last = *st};
}

static void unmake(qmsg *m, qlog *l)
{
	close(m->fd);
	free(l->rcpts);
}

static void kinds(void)
{
	static const struct {
		const char *env;
		enum qlog_event event;
		enum dsn_kind kind;
	} cases[] = {
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test>\nDATA\n", QLOG_FAILED, DSN_SENDER},
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test>\nDATA\n", QLOG_BOUNCED, DSN_NONE},
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test>\nDATA\n", QLOG_DEFERRED, DSN_NONE},
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test> NOTIFY=NEVER\nDATA\n", QLOG_FAILED,
	     DSN_NONE},
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test> NOTIFY=SUCCESS,DELAY\nDATA\n", QLOG_FAILED,
	     DSN_NONE},
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test> NOTIFY=DELAY,failure\nDATA\n", QLOG_FAILED,
	     DSN_SENDER},
	    {"MAIL FROM:<>\nRCPT TO:<c@d.test>\nDATA\n", QLOG_FAILED, DSN_DROP},
	    {"XFORWARD PROTO=ESMTP\nMAIL FROM:<>\nRCPT TO:<c@d.test>\nDATA\n", QLOG_FAILED,
	     DSN_DROP},
	    {"XFORWARD PROTO=BOUNCE\nMAIL FROM:<>\nRCPT TO:<c@d.test>\nDATA\n", QLOG_FAILED,
	     DSN_POSTMASTER},
	    {"XFORWARD PROTO=NOTICE\nMAIL FROM:<>\nRCPT TO:<c@d.test>\nDATA\n", QLOG_FAILED,
	     DSN_KEEP},
	    {"XFORWARD PROTO=BOUNCE\nMAIL FROM:<a@b.test>\nRCPT TO:<c@d.test>\nDATA\n", QLOG_FAILED,
	     DSN_SENDER},
	};
	status st = status_make(EX_NOUSER, 550, "5.1.1", "nobody");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena a = arena_new(65536);
		qmsg m;
		qlog l;
		make(cases[i].env, "Subject: x\n\n", &st, &a, &m, &l);
		l.rcpts[0].event = cases[i].event;
		CHECK(dsn_kind(&m, &l) == cases[i].kind, "kind %zu", i);
		unmake(&m, &l);
		arena_free(&a);
	}
}

static bool has(const str *text, const char *part)
{
	return memmem(text->p, text->n, part, strlen(part)) != NULL;
}

/* What must, and what must not (with a leading '!'), be in the text of a bounce. */
static void texts(void)
{
	static const struct {
		const char *env, *message;
		const char *parts[8];
	} cases[] = {
	    {"MAIL FROM:<a@b.test> ENVID=Q+2B1 BODY=8BITMIME\nRCPT TO:<c@d.test> "
	     "ORCPT=rfc822;x+2By@d.test\nDATA\n",
	     "Subject: x\n\nbody\n",
	     {"To: <a@b.test>\n", "Original-Envelope-Id: Q+1\n",
	      "Original-Recipient: rfc822; x+y@d.test\n", "Final-Recipient: rfc822; c@d.test\n",
	      "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 nobody\n",
	      "Content-Type: message/rfc822\nContent-Transfer-Encoding: 7bit\n\nSubject: "
	      "x\n\nbody\n"}},
	    {"MAIL FROM:<a@b.test> RET=HDRS\nRCPT TO:<c@d.test>\nDATA\n",
	     "Subject: x\n\nsecret body\n",
	     {"Content-Type: text/rfc822-headers\n", "\n\nSubject: x\n", "!secret"}},
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test>\nDATA\n",
	     "Subject: x\n\nlonger than the hundred octets that this test says may be returned in "
	     "a "
	     "bounce, and so left out\n",
	     {"Content-Type: text/rfc822-headers\n", "!left out"}},
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test>\nRCPT TO:<e@d.test> NOTIFY=NEVER\nDATA\n",
	     "Subject: x\n\n\xea\xb0\x80\n",
	     {"Content-Transfer-Encoding: 8bit\n\n--", "Final-Recipient: rfc822; c@d.test",
	      "!e@d.test"}},
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<\xea\xb0\x80@d.test>\nDATA\n",
	     "Subject: x\n\n",
	     {"Final-Recipient: utf-8; \\x{AC00}@d.test\n"}},
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test>\nDATA\n",
	     "no header at all",
	     {"\n\nno header at all\n\n--01ARZ3NDEKTSV4RRFFQ69G5F=_report--\n"}},
	    {"XFORWARD PROTO=BOUNCE\nMAIL FROM:<>\nRCPT TO:<c@d.test>\nDATA\n",
	     "Subject: x\n\n",
	     {"To: <postmaster@mx.test>\n", "could not be delivered\n",
	      "Final-Recipient: rfc822; c@d.test"}},
	};
	status st = status_make(EX_NOUSER, 550, "5.1.1", "nobody");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena a = arena_new(65536);
		str text = str_new(65536);
		envelope e;
		qmsg m;
		qlog l;
		make(cases[i].env, cases[i].message, &st, &a, &m, &l);
		CHECK(dsn_compose(&m, &l, dsn_kind(&m, &l), m.id, S("mx.test"), 1700000200, 0, 100,
				  &a, &e, &text),
		      "bounce %zu", i);
		CHECK(e.sender.addr.null && e.rcpt_count == 1, "from <> to one");
		CHECK(has(&text, "Auto-Submitted: auto-replied\n") &&
			  has(&text, "Reporting-MTA: dns; mx.test\n") &&
			  has(&text, "Arrival-Date: Tue, 14 Nov 2023 22:13:20 +0000\n"),
		      "its frame");
		for (size_t k = 0; k < 8 && cases[i].parts[k]; k++) {
			const char *part = cases[i].parts[k];
			CHECK(*part == '!' ? !has(&text, part + 1) : has(&text, part),
			      "text %zu, part %zu", i, k);
		}
		str_free(&text);
		unmake(&m, &l);
		arena_free(&a);
	}
}

/* A member of an alias inherits NOTIFY and is named with what the alias was called. */
static void members(void)
{
	arena a = arena_new(65536);
	str text = str_new(65536);
	status st = status_make(EX_UNAVAILABLE, 0, "4.4.7", "given up\nafter a week");
	envelope e;
	qmsg m;
	qlog l;
	addr member;
	make("MAIL FROM:<a@b.test>\nRCPT TO:<list@d.test>\nDATA\n", "Subject: x\n\n", &st, &a, &m,
	     &l);
	CHECK(addr_mailbox(S("m@d.test"), &a, &member) == ADDR_OK, "a member");
	l.rcpts[0].event = QLOG_EXPANDED;
	l.rcpts[1] =
	    (qlog_rcpt){.path = {.addr = member}, .parent = 1, .event = QLOG_FAILED, .last = st};
	l.count = 2;
	CHECK(
	    dsn_compose(&m, &l, DSN_SENDER, m.id, S("mx.test"), 1700000200, 0, 100, &a, &e, &text),
	    "made");
	CHECK(has(&text,
		  "Original-Recipient: rfc822; list@d.test\nFinal-Recipient: rfc822; m@d.test\n"),
	      "both names");
	CHECK(has(&text, "<m@d.test> (for <list@d.test>):\n    given up after a week\n"),
	      "for a person");
	CHECK(has(&text, "Status: 4.4.7\nDiagnostic-Code: X-Pabal; given up after a week\n"),
	      "no reply");
	str_free(&text);
	unmake(&m, &l);
	arena_free(&a);
}

/* A notice of delay: who wants it, and what it says. */
static void delays(void)
{
	static const struct {
		const char *envelope;
		enum qlog_event event;
		bool wanted;
	} cases[] = {
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test>\nDATA\n", QLOG_DEFERRED, true},
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test>\nDATA\n", QLOG_NONE, false},
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test>\nDATA\n", QLOG_FAILED, false},
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test> NOTIFY=FAILURE\nDATA\n", QLOG_DEFERRED,
	     false},
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test> NOTIFY=NEVER\nDATA\n", QLOG_DEFERRED, false},
	    {"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test> NOTIFY=failure,delay\nDATA\n", QLOG_DEFERRED,
	     true},
	    {"MAIL FROM:<>\nRCPT TO:<c@d.test>\nDATA\n", QLOG_DEFERRED, false},
	};
	status st = status_make(EX_TEMPFAIL, 450, "4.2.0", "busy");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena a = arena_new(65536);
		str text = str_new(65536);
		envelope e;
		qmsg m;
		qlog l;
		make(cases[i].envelope, "Subject: x\n\nbody of it\n", &st, &a, &m, &l);
		l.rcpts[0].event = cases[i].event;
		CHECK(dsn_delay_wanted(&m, &l) == cases[i].wanted, "delay %zu", i);
		if (cases[i].wanted) {
			CHECK(dsn_compose(&m, &l, DSN_DELAY, m.id, S("mx.test"), 1700000200,
					  1700432000, 100000, &a, &e, &text),
			      "made");
			CHECK(has(&text,
				  "To: <a@b.test>\nSubject: Delivery of your message is delayed\n"),
			      "to the sender");
			CHECK(has(&text, "Action: delayed\nStatus: 4.2.0\n") &&
				  has(&text, "Will-Retry-Until: Sun, 19 Nov 2023 22:13:20 +0000\n"),
			      "RFC 3464, 2.3.3, 2.3.9");
			CHECK(has(&text, "text/rfc822-headers") && !has(&text, "body of it"),
			      "the header alone");
			CHECK(span_eq(e.xforward, S("PROTO=DELAY")), "nobody hears of its failure");
		}
		str_free(&text);
		unmake(&m, &l);
		arena_free(&a);
	}
}

static void sending(void)
{
	int dir = queue_dir_make();
	arena a = arena_new(65536);
	status st = status_make(EX_NOUSER, 550, "5.1.1", "nobody");
	char id[QID_LEN + 1], name[128];
	qmsg m, bounce;
	qlog l;
	make("MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test>\nDATA\n", "Subject: x\n\nbody\n", &st, &a,
	     &m, &l);
	st = dsn_send(dir, &m, &l, DSN_SENDER, S("mx.test"), 0, id);
	CHECK(st.code == EX_OK, "queued: %s", st.text);
	(void)snprintf(name, sizeof name, "new/%s", id);
	CHECK(qmsg_claim(dir, name, &bounce) == QMSG_OK, "it is there");
	CHECK(bounce.env.sender.addr.null && bounce.env.rcpt_count == 1 &&
		  addr_eq(&bounce.env.rcpts[0].addr, &m.env.sender.addr),
	      "from <> to the sender");
	l.rcpts[0].event = QLOG_FAILED;
	qlog fate;
	CHECK(qlog_open(&fate, dir, &bounce), "its log");
	fate.rcpts[0].event = QLOG_FAILED;
	CHECK(dsn_kind(&bounce, &fate) == DSN_POSTMASTER, "its own failure is for postmaster");
	qlog_close(&fate);
	qmsg_close(&bounce);
	struct rlimit files, none;
	CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0, "limit");
	none = (struct rlimit){0, files.rlim_max};
	CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0, "no more descriptors");
	st = dsn_send(dir, &m, &l, DSN_SENDER, S("mx.test"), 0, id);
	CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0, "and again");
	CHECK(st.code == EX_TEMPFAIL, "what cannot be queued is said");
	close(m.fd);
	m.fd = -1;
	st = dsn_send(dir, &m, &l, DSN_SENDER, S("mx.test"), 0, id);
	CHECK(st.code == EX_TEMPFAIL, "nor what cannot be read");
	free(l.rcpts);
	arena_free(&a);
	queue_dir_remove(dir);
}

int main(void)
{
	kinds();
	texts();
	members();
	delays();
	sending();
	return unit_done();
}
