/* links: queue mail io base : z */
#include "queue/qlog.h"

#include "io/out.h"
#include "queue/qadd.h"
#include "tests/unit/queue_dir.h"

static qmsg message;

static void log_text(int dir, str *to)
{
	char name[64];
	snprintf(name, sizeof name, "log/%s", message.id);
	str_clear(to);
	if (!file_read(dir, name, to))
		abort();
}

static void put_log(int dir, span text)
{
	char name[64];
	snprintf(name, sizeof name, "log/%s", message.id);
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || !write_all(fd, text))
		abort();
	close(fd);
}

static void life(int dir, str *text)
{
	qlog l;
	addr a;
	arena mem = arena_new(4096);
	CHECK(qlog_open(&l, dir, &message) && l.count == 2 && l.attempts == 0 && l.fd == -1,
	      "an absent log is empty");
	CHECK(qlog_sync(&l) && !qlog_finished(&l), "nothing to sync, nothing done");
	qlog_attempt(&l);
	status st = status_make(EX_TEMPFAIL, 450, "4.2.0", "mailbox busy, try \"later\"");
	qlog_record(&l, 1, QLOG_DEFERRED, &st, NULL);
	CHECK(addr_mailbox(S("\"x y\"@z.test"), &mem, &a) == ADDR_OK, "address");
	CHECK(qlog_expand(&l, 2, &a) == 3, "expand gives the next number");
	CHECK(addr_mailbox(S("second@z.test"), &mem, &a) == ADDR_OK && qlog_expand(&l, 2, &a) == 4,
	      "and the next");
	st = status_ok();
	qlog_record(&l, 2, QLOG_EXPANDED, &st, NULL);
	CHECK(qlog_sync(&l), "sync");
	qlog_record(&l, 3, QLOG_DELIVERED, &st, NULL);
	st = status_make(EX_NOUSER, 550, "5.1.1", "no such user");
	qlog_record(&l, 4, QLOG_FAILED, &st, NULL);
	CHECK(!l.warned, "nobody was told of a delay");
	qlog_warned(&l, "00000000000000000000000W");
	qlog_released(&l);
	CHECK(qlog_sync(&l) && l.error == 0 && l.warned, "sync again");
	qlog_record(&l, 5, QLOG_FAILED, &st, NULL);
	CHECK(l.error == EINVAL && !qlog_sync(&l), "a number that is none is an error, sticky");
	qlog_close(&l);

	CHECK(qlog_open(&l, dir, &message) && l.count == 4 && l.attempts == 1 && l.warned,
	      "read again");
	CHECK(l.rcpts[0].event == QLOG_DEFERRED && l.rcpts[0].last.reply == 450 &&
		  strcmp(l.rcpts[0].last.enhanced, "4.2.0") == 0 &&
		  strcmp(l.rcpts[0].last.text, "mailbox busy, try \"later\"") == 0,
	      "the remote's words");
	CHECK(l.rcpts[2].parent == 2 && span_eq(l.rcpts[2].path.addr.local, S("x y")) &&
		  l.rcpts[2].event == QLOG_DELIVERED,
	      "the expanded one");
	CHECK(l.rcpts[3].event == QLOG_FAILED && !qlog_finished(&l), "a bounce is due");
	qlog_bounced(&l, "0123456789ABCDEFGHJKMNPQ");
	CHECK(l.rcpts[3].event == QLOG_BOUNCED && !qlog_finished(&l),
	      "bounced; one is still deferred");
	st = status_ok();
	qlog_record(&l, 1, QLOG_RELAYED, &st, NULL);
	CHECK(qlog_finished(&l) && qlog_sync(&l), "all final");
	qlog_close(&l);
	CHECK(qlog_open(&l, dir, &message) && qlog_finished(&l), "and still when read again");
	qlog_close(&l);
	log_text(dir, text);
	arena_free(&mem);
}

/* Every torn tail leaves the state of the lines before it, and the next line is readable. */
static void torn(int dir, span whole)
{
	str now = str_new(65536);
	for (size_t n = 0; n <= whole.n; n++) {
		qlog l;
		put_log(dir, span_sub(whole, 0, n));
		bool fine = qlog_open(&l, dir, &message);
		size_t before = l.attempts;
		qlog_attempt(&l);
		fine = fine && qlog_sync(&l);
		qlog_close(&l);
		fine = fine && qlog_open(&l, dir, &message) && l.attempts == before + 1;
		qlog_close(&l);
		log_text(dir, &now);
		fine = fine && now.n && now.p[now.n - 1] == '\n';
		if (!fine)
			CHECK(0, "cut at %zu of %zu", n, whole.n);
	}
	str_free(&now);
	CHECK(whole.n > 200, "all cuts of %zu octets", whole.n);
}

/* A damaged line is not there; the others are. */
static void damaged(int dir, span whole)
{
	char *copy = malloc(whole.n);
	qlog l;
	for (size_t n = 0; n < whole.n; n++) {
		memcpy(copy, whole.p, whole.n);
		copy[n] = (char)(copy[n] ^ 0x40);
		put_log(dir, span_of(copy, whole.n));
		bool fine = qlog_open(&l, dir, &message) && l.count >= 2 && l.count <= 4;
		if (n < 20)
			fine = fine && l.attempts == 0 && l.rcpts[0].event == QLOG_RELAYED;
		if (!fine)
			CHECK(0, "octet %zu", n);
		qlog_close(&l);
	}
	free(copy);
	CHECK(whole.n > 200, "each octet of %zu", whole.n);
}

/* An expansion without its `expanded` line was never acted on: its numbers are given again. */
static void unfinished_expansion(int dir)
{
	qlog l;
	addr a;
	arena mem = arena_new(4096);
	status st = status_ok();
	put_log(dir, S(""));
	CHECK(qlog_open(&l, dir, &message) && addr_mailbox(S("one@z.test"), &mem, &a) == ADDR_OK,
	      "open");
	CHECK(qlog_expand(&l, 1, &a) == 3 && qlog_expand(&l, 1, &a) == 4 && qlog_sync(&l),
	      "crash here");
	qlog_close(&l);
	CHECK(qlog_open(&l, dir, &message) && l.count == 2, "forgotten");
	CHECK(addr_mailbox(S("two@z.test"), &mem, &a) == ADDR_OK && qlog_expand(&l, 2, &a) == 3,
	      "again");
	qlog_record(&l, 2, QLOG_EXPANDED, &st, NULL);
	CHECK(qlog_sync(&l), "sync");
	qlog_close(&l);
	CHECK(qlog_open(&l, dir, &message) && l.count == 3 && l.rcpts[2].parent == 2 &&
		  span_eq(l.rcpts[2].path.addr.local, S("two")),
	      "the second expansion is the one that counts");
	qlog_close(&l);
	arena_free(&mem);
}

static void words(int dir)
{
	qlog l;
	put_log(dir, S(""));
	status st = status_make(75, 0, "", "%s", "");
	CHECK(qlog_open(&l, dir, &message), "open");
	qlog_record(&l, 1, QLOG_DEFERRED, &st, NULL);
	memset(st.text, 'x', sizeof st.text - 1);
	qlog_record(&l, 2, QLOG_DEFERRED, &st, NULL);
	CHECK(qlog_sync(&l), "sync");
	qlog_close(&l);
	CHECK(qlog_open(&l, dir, &message) && l.rcpts[0].last.text[0] == 0 &&
		  l.rcpts[0].last.enhanced[0] == 0 && l.rcpts[0].last.reply == 0,
	      "no words");
	CHECK(strcmp(l.rcpts[1].last.text, st.text) == 0, "as many words as fit a status");
	CHECK(strcmp(qlog_event_name(QLOG_RELAYED), "relayed") == 0, "a name");
	qlog_close(&l);
}

int main(void)
{
	arena a = arena_new(65536);
	str text = str_new(65536);
	char id[QID_LEN + 1], name[64];
	int dir = queue_dir_make();
	envelope env = envelope_text(
	    "MAIL FROM:<a@x.test>\nRCPT TO:<b@y.test>\nRCPT TO:<c@y.test>\nDATA\n", &a);
	CHECK(qadd_message(dir, NULL, &env, S(""), S("A: b\n\n"), id).code == EX_OK, "a message");
	snprintf(name, sizeof name, "new/%s", id);
	CHECK(qmsg_claim(dir, name, &message) == QMSG_OK, "claimed");
	life(dir, &text);
	torn(dir, str_span(&text));
	damaged(dir, str_span(&text));
	unfinished_expansion(dir);
	words(dir);
	qmsg_close(&message);
	queue_dir_remove(dir);
	str_free(&text);
	arena_free(&a);
	return unit_done();
}
