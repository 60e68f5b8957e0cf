/* links: queue mail io base : z */
#include "queue/qadd.h"

#include <sys/file.h>
#include <sys/resource.h>

#include "tests/unit/queue_dir.h"

static envelope env;
static const char envelope_lines[] =
    "MAIL FROM:<a@x.test> BODY=8BITMIME\nRCPT TO:<b@y.test>\nDATA\n";

static bool read_all(int dir, const char *id, str *to)
{
	char name[64];
	snprintf(name, sizeof name, "new/%s", id);
	return file_read(dir, name, to);
}

static void whole(int dir)
{
	char id[QID_LEN + 1], first[QMSG_LINE];
	str text = str_new(1 << 20);
	qmsg_head head;
	status st =
	    qadd_message(dir, NULL, &env, S("Received: x\n"), S("Subject: s\n\nbody\n"), id);
	CHECK(st.code == EX_OK && st.reply == 250 && strstr(st.text, id), "250 with the id");
	CHECK(read_all(dir, id, &text), "in new/");
	CHECK(text.n > QMSG_LINE && qmsg_head_parse(span_sub(str_span(&text), 0, QMSG_LINE), &head),
	      "first line");
	CHECK(head.length == text.n - QMSG_LINE && strcmp(head.id, id) == 0, "its length and id");
	str want = str_new(1000);
	str_printf(&want, "%sReceived: x\nSubject: s\n\nbody\n", envelope_lines);
	CHECK(span_eq(span_sub(str_span(&text), QMSG_LINE, text.n), str_span(&want)),
	      "envelope, trace, message");
	qmsg_first_line(first, head.length, head.sum, id, head.arrived);
	CHECK(memcmp(first, text.p, QMSG_LINE) == 0, "written again it is the same");
	st = qadd_message(dir, "0123456789ABCDEFGHJKMNPQ", &env, S(""), S("A: b\n\n"), id);
	CHECK(st.code == EX_OK && in_queue(dir, "new", "0123456789ABCDEFGHJKMNPQ"),
	      "the caller's id");
	str_free(&want);
	str_free(&text);
}

/* In pieces larger than the buffer: the first line goes in place. */
static void large(int dir)
{
	qadd q;
	qmsg m;
	char name[64], *piece = malloc(100000);
	memset(piece, 'x', 100000);
	CHECK(qadd_begin(&q, dir, NULL, &env, 1000000), "begin");
	qadd_put(&q, S("Subject: large\n\n"));
	for (int i = 0; i < 9; i++)
		qadd_put(&q, span_of(piece, i % 2 ? 100000 : 30001));
	snprintf(name, sizeof name, "new/%s", q.id);
	CHECK(qmsg_claim(dir, name, &m) == QMSG_BUSY, "not claimable before");
	status st = qadd_commit(&q);
	CHECK(st.code == EX_OK, "commit");
	CHECK(qmsg_claim(dir, name, &m) == QMSG_OK, "claimed, so the sum holds");
	CHECK(m.size == 16 + 4 * 100000 + 5 * 30001, "size");
	qmsg_close(&m);
	free(piece);
}

static void limits(int dir)
{
	qadd q;
	CHECK(qadd_begin(&q, dir, NULL, &env, 10), "begin");
	qadd_put(&q, S("A: b\n\n"));
	qadd_put(&q, S("12345"));
	status st = qadd_commit(&q);
	CHECK(st.reply == 552 && strcmp(st.enhanced, "5.3.4") == 0, "above the limit: 552");
	CHECK(!in_queue(dir, "new", q.id), "nothing is left");
	CHECK(qadd_begin(&q, dir, NULL, &env, 100), "begin");
	char id[QID_LEN + 1];
	memcpy(id, q.id, sizeof id);
	CHECK(!qadd_begin(&(qadd){0}, dir, id, &env, 100) && errno == EEXIST, "an id twice");
	qadd_abort(&q);
	CHECK(!in_queue(dir, "new", id), "aborted: nothing is left");
	qadd_abort(&q);
	CHECK(q.fd == -1, "abort twice is fine");
}

/* A file size limit stands for a full disk: write(2) fails half way. */
static void no_space(int dir)
{
	struct rlimit old, small = {4096, RLIM_INFINITY};
	qadd q;
	char *piece = malloc(200000);
	memset(piece, 'x', 200000);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	CHECK(qadd_begin(&q, dir, NULL, &env, UINT64_MAX), "begin");
	qadd_put(&q, span_of(piece, 200000));
	status st = qadd_commit(&q);
	setrlimit(RLIMIT_FSIZE, &old);
	CHECK(st.code == EX_TEMPFAIL && st.reply == 452 && strcmp(st.enhanced, "4.3.1") == 0,
	      "no space: 452 4.3.1");
	CHECK(!in_queue(dir, "new", q.id), "nothing is left");
	free(piece);
}

/* new/ that is removed and made again under a running process. */
static void new_again(int dir)
{
	char id[QID_LEN + 1], path[128], aside[128];
	snprintf(path, sizeof path, "%s/queue/new", test_root);
	snprintf(aside, sizeof aside, "%s/queue/old", test_root);
	CHECK(rename(path, aside) == 0, "new/ is gone");
	CHECK(qadd_message(dir, NULL, &env, S(""), S("A: b\n\n"), id).code == EX_OK &&
		  in_queue(dir, "old", id),
	      "a moved directory is still the same one");
	CHECK(rename(aside, path) == 0, "and back");
	CHECK(qadd_message(dir, NULL, &env, S(""), S("A: b\n\n"), id).code == EX_OK &&
		  in_queue(dir, "new", id),
	      "back");
	close(dir);
	CHECK(qadd_message(dir, NULL, &env, S(""), S("A: b\n\n"), id).code == EX_TEMPFAIL,
	      "no queue directory: 75");
}

int main(void)
{
	arena a = arena_new(65536);
	int dir = queue_dir_make();
	env = envelope_text(envelope_lines, &a);
	whole(dir);
	large(dir);
	limits(dir);
	no_space(dir);
	new_again(dir);
	queue_dir_remove(qadd_open_queue());
	arena_free(&a);
	return unit_done();
}
