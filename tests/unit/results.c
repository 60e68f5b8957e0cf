/* links: run queue mail io base : z */
#include "run/results.h"

#include <sys/file.h>

#include "io/out.h"
#include "tests/unit/queue_dir.h"

static const char one[] = "01ARZ3NDEKTSV4RRFFQ69G5F", two[] = "01ARZ3NDEKTSV4RRFFQ69G5G";

static void say(int fd, const char *id, size_t n, int code, int reply)
{
	status st = status_make(code, reply, "", "words of %zu", n);
	str line = str_new(1024);
	job_result_write(&(job_result){.id = span_str(id), .n = n, .st = st}, &line);
	if (!write_all(fd, str_span(&line)))
		abort();
	str_free(&line);
}

static void count(void *arg, const job_result *r)
{
	(void)r;
	++*(int *)arg;
}

static bool yes(void *arg)
{
	return arg != NULL;
}

static bool no(void *arg)
{
	return arg == NULL;
}

/* Lines of the own run, as they come, torn ones too. */
static void own(int dir)
{
	results r;
	int n = 0;
	results_open(&r, dir);
	result_file *f = results_current(&r);
	CHECK(f && f->slot == 0 && in_queue(dir, "log", "run.00"), "the first slot");
	f->workers = 1;
	say(f->fd, one, 1, EX_OK, 250);
	say(f->fd, one, 2, EX_TEMPFAIL, 451);
	results_read(&r, count, &n);
	CHECK(n == 2, "two lines");
	CHECK(write_all(f->fd, S("0BADF00D torn by a cra")), "a torn one");
	results_read(&r, count, &n);
	CHECK(n == 2, "is waited for");
	CHECK(write_all(f->fd, S("sh\nnonsense\n\n")), "ended");
	say(f->fd, two, 1, EX_OK, 250);
	results_read(&r, count, &n);
	CHECK(n == 3, "passed over");
	CHECK(results_current(&r) == f, "still the one");
	f->at = RESULTS_ROTATE;
	result_file *g = results_current(&r);
	CHECK(g && g != f && g->slot == 1 && r.files == g, "a full one is followed by another");
	results_release(&r, f);
	CHECK(!in_queue(dir, "log", "run.00"), "the old one goes with its last worker");
	results_close(&r);
	CHECK(!in_queue(dir, "log", "run.01"), "and the last with the run");
}

/* What another run said, alive or dead. */
static void other(int dir)
{
	results a, b;
	job_result r;
	int n = 0;
	results_open(&a, dir);
	results_open(&b, dir);
	result_file *f = results_current(&a);
	CHECK(f != NULL, "a file");
	f->workers = 1;
	say(f->fd, one, 1, EX_OK, 250);
	say(f->fd, one, 2, EX_TEMPFAIL, 451);
	say(f->fd, two, 3, EX_UNAVAILABLE, 550);
	results_refresh(&b);
	CHECK(results_find(&b, span_str(one), 1, &r) && r.st.code == EX_OK && r.st.reply == 250,
	      "final");
	CHECK(!results_find(&b, span_str(one), 2, &r), "a deferral is not believed");
	CHECK(results_find(&b, span_str(two), 3, &r) && r.st.code == EX_UNAVAILABLE,
	      "a refusal is");
	CHECK(!results_find(&b, span_str(two), 1, &r), "not another recipient's");
	say(f->fd, two, 1, EX_OK, 250);
	results_refresh(&b);
	CHECK(results_find(&b, span_str(two), 1, &r), "read on");
	result_file *g = results_current(&b);
	CHECK(g && g->slot == 1, "slots are not shared");
	results_bury(&b, count, yes, &n);
	CHECK(n == 0, "a living run is not buried");
	(void)flock(f->fd, LOCK_UN);
	results_bury(&b, count, no, &n);
	CHECK(n == 3 && in_queue(dir, "log", "run.00"), "not before all is written down");
	results_bury(&b, count, yes, &n);
	CHECK(n == 6 && !in_queue(dir, "log", "run.00"), "then it goes");
	results_close(&b);
	results_close(&a);
}

static void slots(int dir)
{
	results r[RESULTS_SLOTS + 1];
	bool all = true;
	for (size_t i = 0; i <= RESULTS_SLOTS; i++) {
		results_open(&r[i], dir);
		errno = 0;
		const result_file *f = results_current(&r[i]);
		all = all && (i < RESULTS_SLOTS ? f != NULL : f == NULL && errno == EBUSY);
	}
	CHECK(all, "as many runs as slots");
	for (size_t i = 0; i <= RESULTS_SLOTS; i++)
		results_close(&r[i]);
	CHECK(!in_queue(dir, "log", "run.31"), "all gone");
}

int main(void)
{
	int dir = queue_dir_make();
	own(dir);
	other(dir);
	slots(dir);
	queue_dir_remove(dir);
	return unit_done();
}
