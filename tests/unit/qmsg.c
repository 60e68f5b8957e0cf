/* links: queue mail io base : z */
#include "queue/qmsg.h"

#include <sys/wait.h>

#include "io/out.h"
#include "io/sum.h"
#include "queue/qadd.h"
#include "queue/scan.h"
#include "tests/unit/queue_dir.h"

enum { ARRIVED_AT = 58 };

static arena mem;
static envelope env;

static void put_file(int dir, const char *name, span text)
{
	unlinkat(dir, name, 0);
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || !write_all(fd, text))
		abort();
	close(fd);
}

static void ids(void)
{
	char a[QID_LEN + 1], b[QID_LEN + 1];
	setenv("PABAL_NOW", "1700000000", 1);
	qid_make(a);
	setenv("PABAL_NOW", "1700000001", 1);
	qid_make(b);
	unsetenv("PABAL_NOW");
	CHECK(qid_valid(span_str(a)) && qid_valid(span_str(b)), "valid");
	CHECK(strcmp(a, b) < 0, "sorts by time");
	CHECK(memcmp(a + 7, b + 7, 4) == 0 && memcmp(a + 11, b + 11, 13) != 0, "host, random bits");
	CHECK(!qid_valid(S("")) && !qid_valid(S("0123456789ABCDEFGHJKMNP")), "too short");
	CHECK(!qid_valid(S("0123456789ABCDEFGHJKMNPa")), "lower case");
	CHECK(!qid_valid(S("../456789ABCDEFGHJKMNPQR")), "no path");
}

static void first_lines(void)
{
	char line[QMSG_LINE];
	qmsg_head h;
	qmsg_first_line(line, 42, 0xDEADBEEF, "0123456789ABCDEFGHJKMNPQ", 1700000000);
	CHECK(qmsg_head_parse(span_of(line, QMSG_LINE), &h) && h.length == 42 &&
		  h.sum == 0xDEADBEEF && h.arrived == 1700000000,
	      "there and back");
	CHECK(!qmsg_head_parse(span_of(line, QMSG_LINE - 1), &h), "short");
	for (size_t i = 0; i < QMSG_LINE; i++) {
		char changed[QMSG_LINE];
		memcpy(changed, line, QMSG_LINE);
		changed[i] = 0;
		span s = unit_copy(span_of(changed, QMSG_LINE));
		if (qmsg_head_parse(s, &h))
			CHECK(0, "a NUL at %zu", i);
		free((char *)(uintptr_t)s.p);
	}
	qmsg_first_line(line, UINT64_MAX, UINT32_MAX, "0123456789ABCDEFGHJKMNPQ", INT64_MAX);
	CHECK(line[QMSG_LINE - 1] == '\n' && !qmsg_head_parse(span_of(line, QMSG_LINE), &h),
	      "numbers that do not fit");
}

/* Each way in which a crash leaves a file: none of them is a message. */
static void partial(int dir)
{
	char id[QID_LEN + 1], name[64], line[QMSG_LINE];
	qmsg m;
	str text = str_new(1 << 20);
	CHECK(qadd_message(dir, NULL, &env, S(""), S("Subject: s\n\nbody\n"), id).code == EX_OK,
	      "added");
	snprintf(name, sizeof name, "new/%s", id);
	CHECK(qmsg_claim(dir, name, &m) == QMSG_OK && m.size == 17 && m.env.rcpt_count == 2,
	      "whole");
	qmsg_close(&m);
	CHECK(file_read(dir, name, &text), "read");
	for (size_t n = 0; n < text.n; n++) {
		put_file(dir, name, span_sub(str_span(&text), 0, n));
		if (qmsg_claim(dir, name, &m) != QMSG_PARTIAL)
			CHECK(0, "cut at %zu", n);
	}
	char *copy = malloc(text.n);
	for (size_t n = 0; n < text.n; n++) {
		if (n >= ARRIVED_AT && n < ARRIVED_AT + 12)
			continue; /* the time of arrival is not summed */
		memcpy(copy, text.p, text.n);
		copy[n] ^= 1;
		put_file(dir, name, span_of(copy, text.n));
		if (qmsg_claim(dir, name, &m) != QMSG_PARTIAL)
			CHECK(0, "changed at %zu", n);
	}
	memset(copy, 0, text.n);
	put_file(dir, name, span_of(copy, text.n));
	CHECK(qmsg_claim(dir, name, &m) == QMSG_PARTIAL, "zeros");
	CHECK(qmsg_set_aside(dir, name, "why") && !in_queue(dir, "new", id) &&
		  !in_queue(dir, "failed", id),
	      "without a first line it is unlinked");
	put_file(dir, name, span_sub(str_span(&text), 0, text.n - 1));
	CHECK(qmsg_set_aside(dir, name, "why") && !in_queue(dir, "new", id) &&
		  in_queue(dir, "failed", id),
	      "with one it is kept for the operator");
	span bad = S("MAIL FROM:<a@x.test>\nRCPT TO:<b@y.test>\n");
	qmsg_first_line(line, bad.n, sum_crc32(0, bad), id, 1);
	str_clear(&text);
	str_put(&text, span_of(line, QMSG_LINE));
	str_put(&text, bad);
	put_file(dir, name, str_span(&text));
	CHECK(qmsg_claim(dir, name, &m) == QMSG_DAMAGED, "no commit mark");
	unlinkat(dir, name, 0);
	free(copy);
	str_free(&text);
}

/* Run in a child: what another process sees. */
static enum qmsg_result claim_elsewhere(int dir, const char *name)
{
	int how;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		qmsg m;
		_exit(qmsg_claim(dir, name, &m));
	}
	if (waitpid(pid, &how, 0) != pid || !WIFEXITED(how))
		abort();
	return (enum qmsg_result)WEXITSTATUS(how);
}

static void claims(int dir)
{
	char id[QID_LEN + 1], name[64];
	qmsg m, other;
	CHECK(qadd_message(dir, NULL, &env, S(""), S("Subject: s\n\nbody\n"), id).code == EX_OK,
	      "added");
	snprintf(name, sizeof name, "new/%s", id);
	CHECK(qmsg_claim(dir, name, &m) == QMSG_OK, "claimed");
	CHECK(claim_elsewhere(dir, name) == QMSG_BUSY, "busy for another process");
	CHECK(qmsg_claim(dir, name, &other) == QMSG_BUSY, "and in this one");
	CHECK(qmsg_read(dir, name, &other) == QMSG_OK, "but may be read");
	qmsg_close(&other);
	CHECK(qmsg_peek(dir, name, &other) == QMSG_OK && other.size == 17 &&
		  other.env.rcpt_count == 2,
	      "or looked at");
	qmsg_close(&other);
	CHECK(qmsg_defer(dir, &m, 1700000064), "defer");
	CHECK(claim_elsewhere(dir, name) == QMSG_BUSY, "the old name is gone");
	CHECK(claim_elsewhere(dir, m.name) == QMSG_BUSY, "the new one is still ours");
	char deferred[64];
	memcpy(deferred, m.name, sizeof deferred);
	unsigned bucket = 1700000064 / 64 % 256;
	snprintf(name, sizeof name, "later/%02X/1700000064.%s", bucket, id);
	CHECK(strcmp(deferred, name) == 0, "bucket and time in the name");
	CHECK(!qmsg_defer(dir, &m, INT64_C(10000000000)) && errno == ERANGE,
	      "11 digits do not fit");
	qmsg_close(&m);
	CHECK(claim_elsewhere(dir, deferred) == QMSG_OK, "closed: free");
	CHECK(qmsg_claim(dir, deferred, &m) == QMSG_OK && qmsg_hold(dir, &m) &&
		  in_queue(dir, "hold", id),
	      "hold");
	CHECK(qmsg_release(dir, &m) && in_queue(dir, "new", id), "release");
	CHECK(qmsg_fail(dir, &m) && in_queue(dir, "failed", id), "fail");
	snprintf(name, sizeof name, "log/%s", id);
	put_file(dir, name, S("x\n"));
	CHECK(qmsg_remove(dir, &m) && !in_queue(dir, "failed", id) && !in_queue(dir, "log", id),
	      "remove");
	qmsg_close(&m);
	CHECK(qmsg_claim(dir, "new/../control", &m) == QMSG_ERROR, "a name that is none");
	CHECK(symlinkat("/etc/passwd", dir, "new/0000000000000000000000ZZ") == 0 &&
		  qmsg_claim(dir, "new/0000000000000000000000ZZ", &m) == QMSG_ERROR,
	      "a symbolic link");
	unlinkat(dir, "new/0000000000000000000000ZZ", 0);
}

/* An envelope larger than the first read. */
static void many_recipients(int dir)
{
	arena a = arena_new(64 << 20);
	str text = str_new(8 << 20);
	char id[QID_LEN + 1], name[64];
	qmsg m;
	str_put(&text, S("MAIL FROM:<>\n"));
	for (int i = 0; i < ENVELOPE_RCPT_MAX; i++)
		str_printf(&text,
			   "RCPT TO:<user%d@long-name-of-a-domain.example.test> NOTIFY=NEVER\n", i);
	str_put(&text, S("DATA\n"));
	envelope big = envelope_text(str_cstr(&text), &a);
	CHECK(qadd_message(dir, NULL, &big, S(""), S("A: b\n\nc\n"), id).code == EX_OK, "added");
	snprintf(name, sizeof name, "new/%s", id);
	CHECK(qmsg_claim(dir, name, &m) == QMSG_OK && m.env.rcpt_count == ENVELOPE_RCPT_MAX &&
		  m.size == 8,
	      "10,000 recipients");
	CHECK(span_eq(m.env.rcpts[9999].addr.local, S("user9999")), "the last one");
	qmsg_remove(dir, &m);
	qmsg_close(&m);
	str_free(&text);
	arena_free(&a);
}

static bool gather(void *arg, const scan_entry *e)
{
	str_printf(arg, "%s ", e->name);
	return true;
}

static void scans(int dir)
{
	str found = str_new(65536);
	scan_counts c;
	int64_t next, now = 1700000000;
	char name[64];
	put_file(dir, "new/000000000000000000000NEW", S("x"));
	put_file(dir, "new/.nfs0001", S("x"));
	put_file(dir, "hold/00000000000000000000H01D", S("x"));
	static const int64_t times[] = {-100, 0, 1, 100, 14400, 14500};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		int64_t t = now + times[i];
		snprintf(name, sizeof name, "later/%02X/%010" PRId64 ".0000000000000000000000T%zu",
			 (unsigned)(t / 64 % 256), t, i);
		put_file(dir, name, S("x"));
	}
	CHECK(scan_due(dir, 0, now, 14400, gather, &found, &next), "scan");
	CHECK(strstr(str_cstr(&found), "new/000000000000000000000NEW") &&
		  strstr(str_cstr(&found), "T0 ") && strstr(str_cstr(&found), "T1 ") &&
		  strstr(str_cstr(&found), "T5 "),
	      "new, past, now, and further away than the largest step");
	CHECK(!strstr(str_cstr(&found), "T2 ") && !strstr(str_cstr(&found), "T3 ") &&
		  !strstr(str_cstr(&found), "T4 ") && !strstr(str_cstr(&found), "nfs") &&
		  !strstr(str_cstr(&found), "H01D"),
	      "not the future, not what is held");
	CHECK(next == now + 1, "the next one");
	str_clear(&found);
	CHECK(scan_due(dir, now - 10, now + 1, 14400, gather, &found, &next),
	      "a pass after a pass");
	CHECK(strstr(str_cstr(&found), "T1 ") && strstr(str_cstr(&found), "T2 ") &&
		  !strstr(str_cstr(&found), "T0 "),
	      "reads the buckets in between alone");
	CHECK(scan_count(dir, &c) && c.new == 1 && c.later == 6 && c.hold == 1 && c.failed == 1,
	      "count");
	CHECK(scan_find(dir, "0000000000000000000000T4", name) && strstr(name, "later/"), "find");
	CHECK(!scan_find(dir, "0000000000000000000000T9", name) && errno == ENOENT, "find nothing");
	CHECK(scan_find(dir, "00000000000000000000H01D", name) && strncmp(name, "hold/", 5) == 0,
	      "held");
	str_free(&found);
}

static void sweeps(int dir)
{
	put_file(dir, "log/000000000000000000000G0N", S("x"));
	put_file(dir, "log/0000000000000000000000T4", S("x"));
	CHECK(scan_sweep(dir, time(NULL)) == 0, "nothing is old");
	CHECK(scan_sweep(dir, time(NULL) + SCAN_SWEEP_AGE + 10) == 1, "one is");
	CHECK(!in_queue(dir, "log", "000000000000000000000G0N") &&
		  in_queue(dir, "log", "0000000000000000000000T4"),
	      "a log with its message stays");
}

int main(void)
{
	mem = arena_new(65536);
	int dir = queue_dir_make();
	env = envelope_text("MAIL FROM:<a@x.test>\nRCPT TO:<b@y.test>\nRCPT TO:<c@y.test>\nDATA\n",
			    &mem);
	ids();
	first_lines();
	partial(dir);
	claims(dir);
	many_recipients(dir);
	scans(dir);
	sweeps(dir);
	queue_dir_remove(dir);
	arena_free(&mem);
	return unit_done();
}
