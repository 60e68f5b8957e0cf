/* links: queue mail io base : z */
#include "queue/drop.h"

#include <sys/file.h>

#include "io/out.h"
#include "queue/scan.h"
#include "tests/unit/queue_dir.h"

static envelope env;
static struct {
	int calls;
	enum drop_result result;
	char id[64];
	status why;
} last;

static void seen(void *arg, const char *id, uid_t owner, enum drop_result r, const status *why)
{
	(void)arg;
	(void)owner;
	last.calls++;
	last.result = r;
	last.why = *why;
	snprintf(last.id, sizeof last.id, "%.60s", id);
}

static int pass(int dir)
{
	memset(&last, 0, sizeof last);
	if (!drop_pass(dir, 1 << 20, seen, NULL))
		abort();
	return last.calls;
}

static void put_text(int dir, const char *sub, const char *id, span text)
{
	char name[64];
	snprintf(name, sizeof name, "%s/%s", sub, id);
	unlinkat(dir, name, 0);
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || !write_all(fd, text))
		abort();
	close(fd);
}

static void get_text(int dir, const char *sub, const char *id, str *to)
{
	char name[64];
	snprintf(name, sizeof name, "%s/%s", sub, id);
	str_clear(to);
	if (!file_read(dir, name, to))
		abort();
}

static size_t queued(int dir)
{
	scan_counts c;
	return scan_count(dir, &c) ? c.new + c.later + c.hold + c.failed : 999;
}

static void ids(void)
{
	char id[QID_LEN + 1];
	uid_t uid;
	static const uid_t uids[] = {0, 1, 1000, 65534, UINT32_MAX};
	for (size_t i = 0; i < sizeof uids / sizeof *uids; i++) {
		drop_id_make(id, uids[i]);
		CHECK(qid_valid(span_str(id)) && drop_id_owner(span_str(id), &uid) &&
			  uid == uids[i],
		      "uid %u", (unsigned)uids[i]);
	}
	qid_make(id);
	CHECK(!drop_id_owner(span_str(id), &uid), "the queue's own IDs are none of these");
	CHECK(!drop_id_owner(S("0000000UZZZZZZZ000000000"), &uid), "no uid of 35 bits");
	CHECK(!drop_id_owner(S("0000000U00000IL000000000"), &uid), "letters that are no digits");
}

static char *drop_one(char id[static QID_LEN + 1], const char *text)
{
	qadd q;
	if (!drop_begin(&q, &env, 1 << 20))
		abort();
	qadd_put(&q, span_str(text));
	memcpy(id, q.id, QID_LEN + 1);
	CHECK(drop_commit(&q).code == EX_OK, "dropped %s", id);
	return id;
}

static void in_and_out(int dir, str *whole)
{
	char id[QID_LEN + 1], name[64];
	qmsg m;
	str text = str_new(65536);
	drop_one(id, "Subject: s\n\nbody\n");
	get_text(dir, "drop", id, whole);
	CHECK(pass(dir) == 1 && last.result == DROP_WAITS && last.why.code == EX_TEMPFAIL &&
		  in_queue(dir, "drop", id) && queued(dir) == 0,
	      "no control/me: it waits");
	put_text(dir, "../control", "me", S("me.test\n"));
	CHECK(pass(dir) == 1 && last.result == DROP_QUEUED && strcmp(last.id, id) == 0, "copied");
	CHECK(!in_queue(dir, "drop", id) && in_queue(dir, "new", id) && queued(dir) == 1, "once");
	snprintf(name, sizeof name, "new/%s", id);
	CHECK(qmsg_claim(dir, name, &m) == QMSG_OK, "claimed");
	get_text(dir, "new", id, &text);
	CHECK(strstr(str_cstr(&text) + m.offset, "Received: by me.test with local id ") &&
		  strstr(str_cstr(&text), "Subject: s\n\nbody\n"),
	      "with a trace field");
	CHECK(pass(dir) == 0, "nothing is left to do");
	qmsg_remove(dir, &m);
	qmsg_close(&m);
	str_free(&text);
}

/* The states that a crash leaves, and another pass after each. */
static void after_crashes(int dir, span whole, const char *id)
{
	qmsg m;
	char name[64];
	snprintf(name, sizeof name, "new/%s", id);
	put_text(dir, "drop", id, whole);
	put_text(dir, "new", id, span_sub(whole, 0, 50));
	CHECK(pass(dir) == 1 && last.result == DROP_QUEUED && queued(dir) == 1,
	      "killed while it copied");
	put_text(dir, "drop", id, whole);
	CHECK(pass(dir) == 1 && last.result == DROP_AGAIN && queued(dir) == 1 &&
		  !in_queue(dir, "drop", id),
	      "killed before the unlink");
	put_text(dir, "drop", id, whole);
	put_text(dir, "new", id, span_sub(whole, 0, 80));
	CHECK(pass(dir) == 1 && last.result == DROP_QUEUED && queued(dir) == 1 &&
		  qmsg_claim(dir, name, &m) == QMSG_OK,
	      "the copy was never confirmed");
	put_text(dir, "drop", id, whole);
	CHECK(qmsg_defer(dir, &m, 1700000000) && !in_queue(dir, "drop", id),
	      "a message leaves new/ after its drop file");
	put_text(dir, "drop", id, whole);
	CHECK(qmsg_remove(dir, &m) && !in_queue(dir, "drop", id) && queued(dir) == 0,
	      "and the queue");
	qmsg_close(&m);
	for (size_t n = 0; n < whole.n; n++) {
		put_text(dir, "drop", id, span_sub(whole, 0, n));
		if (pass(dir) != 0 && last.result != DROP_REFUSED)
			CHECK(0, "a part of %zu octets", n);
	}
	CHECK(queued(dir) == 0 && in_queue(dir, "drop", id), "partial files are left alone");
}

static void refused(int dir, span whole, const char *id)
{
	char other[QID_LEN + 1], path[128], *copy = malloc(whole.n);
	put_text(dir, "drop", id, whole);
	snprintf(path, sizeof path, "%s/queue/hold/link", test_root);
	CHECK(linkat(dir, "../control/me", dir, "hold/x", 0) == 0, "a link elsewhere");
	char name[64];
	snprintf(name, sizeof name, "drop/%s", id);
	CHECK(linkat(dir, name, dir, "hold/y", 0) == 0, "a second link to it");
	CHECK(pass(dir) == 1 && last.result == DROP_REFUSED && queued(dir) == 0, "link count 2");
	unlinkat(dir, "hold/x", 0);
	unlinkat(dir, "hold/y", 0);
	drop_id_make(other, geteuid() + 1);
	unlinkat(dir, name, 0);
	put_text(dir, "drop", other, whole);
	CHECK(pass(dir) == 1 && last.result == DROP_REFUSED && queued(dir) == 0,
	      "another user's ID");
	snprintf(name, sizeof name, "drop/%s", other);
	unlinkat(dir, name, 0);
	snprintf(name, sizeof name, "drop/%s", id);
	CHECK(symlinkat("/etc/passwd", dir, name) == 0 && pass(dir) == 1 &&
		  last.result == DROP_REFUSED,
	      "a symbolic link");
	unlinkat(dir, name, 0);
	CHECK(mkfifoat(dir, name, 0600) == 0 && pass(dir) == 1 && last.result == DROP_REFUSED,
	      "a pipe");
	unlinkat(dir, name, 0);
	memcpy(copy, whole.p, whole.n);
	copy[whole.n - 2] ^= 1;
	put_text(dir, "drop", id, span_of(copy, whole.n));
	CHECK(pass(dir) == 1 && last.result == DROP_REFUSED && queued(dir) == 0,
	      "a sum that does not hold");
	setenv("PABAL_NOW", "9000000000", 1);
	CHECK(pass(dir) == 1 && last.result == DROP_SWEPT && !in_queue(dir, "drop", id),
	      "swept when old");
	unsetenv("PABAL_NOW");
	drop_one(other, "A: b\n\ncarriage\rreturn\n");
	CHECK(pass(dir) == 1 && last.result == DROP_REFUSED && queued(dir) == 0, "a bare CR");
	snprintf(name, sizeof name, "drop/%s", other);
	unlinkat(dir, name, 0);
	free(copy);
}

static void locked(int dir, span whole, const char *id)
{
	char name[64];
	snprintf(name, sizeof name, "drop/%s", id);
	put_text(dir, "drop", id, whole);
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && flock(fd, LOCK_EX) == 0, "its writer is at work");
	CHECK(pass(dir) == 0 && queued(dir) == 0, "left alone");
	close(fd);
	CHECK(pass(dir) == 1 && last.result == DROP_QUEUED, "then taken");
}

int main(void)
{
	arena a = arena_new(65536);
	str whole = str_new(65536);
	char id[QID_LEN + 1];
	int dir = queue_dir_make();
	env = envelope_text("MAIL FROM:<a@x.test>\nRCPT TO:<b@y.test>\nDATA\n", &a);
	ids();
	in_and_out(dir, &whole);
	qmsg_head head;
	CHECK(qmsg_head_parse(span_sub(str_span(&whole), 0, QMSG_LINE), &head), "its first line");
	memcpy(id, head.id, sizeof id);
	after_crashes(dir, str_span(&whole), id);
	refused(dir, str_span(&whole), id);
	locked(dir, str_span(&whole), id);
	queue_dir_remove(dir);
	str_free(&whole);
	arena_free(&a);
	return unit_done();
}
