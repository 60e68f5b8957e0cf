/* The run: candidates are claimed, tried, settled; then it sleeps until something wakes it.
 *
 * What is a first try, and what is a repeat? Local delivery is exactly-once because a *re*delivery looks
 * for the message's name in the mailbox first. That costs two scans of it, so it must be left out where it
 * is surely not needed, and only there. A message is `fresh` (ATTEMPT=1) only if all of this holds:
 *
 *   - This runner holds the flock on the directory new/ ("the holder"), since before it began to watch.
 *     There is one holder at a time. The lock dies with it; its workers do not inherit it.
 *   - The holder saw the file arrive (the adder's close after it confirmed), and the message's arrival
 *     stamp is later than the second in which the lock was taken: it was tried by no holder before.
 *   - It has no log/ID. Every runner that is not the holder (a second one, `queue-run ID` beside -w, one
 *     with -Q) writes an attempt into log/ID before it gives out the first job. That line need not
 *     be synced: it only has to be seen by processes of the same boot, for after a crash of the machine
 *     nobody has seen anything arrive.
 *
 * Everything else, whatever a scan finds, is a repeat, and the delivery agent looks first. So the fast path
 * writes nothing at all: claim, deliver, unlink. If the runner is killed, its workers go on, hold the
 * claims, and the message is found again by a scan: a repeat.
 *
 * Relayed mail cannot be asked whether it is there. Its record is the result line of the worker, which the
 * next run reads although this one died (results.h), and then log/ID, or the removal of the message. */
#include "run/runner.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/file.h"
#include "io/log.h"
#include "queue/scan.h"
#include "run/dispatch.h"
#include "run/hop.h"
#include "run/merge.h"
#include "run/pace.h"
#include "run/pass.h"
#include "run/remove.h"
#include "run/settle.h"
#include "run/task.h"
#include "run/watch.h"

static bool read_control(runner *r)
{
	static const struct {
		const char *name;
		uint64_t most, fallback;
	} rows[] = {{"max-workers", 1000, 20}, {"max-per-hop", 1000, 10}};
	uint64_t *values[] = {&r->max_workers, &r->max_per_hop};
	const char *wrong = NULL;
	for (size_t i = 0; i < 2; i++)
		if (!control_number(rows[i].name, rows[i].most, rows[i].fallback, values[i]) ||
		    *values[i] == 0) {
			wrong = rows[i].name;
			*values[i] = rows[i].fallback;
		}
	(void)retry_read(&r->clock, &wrong);
	if (wrong) {
		char file[64];
		(void)snprintf(file, sizeof file, "control/%s", wrong);
		log_config_error(file, 1, "not a number in range; the default is used");
	}
	return true;
}

/* Two descriptors a message in work, and some. */
static void raise_limits(void)
{
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return;
	rlim_t want = 2 * TASKS_MAX + 256;
	l.rlim_cur = l.rlim_max < want ? l.rlim_max : want;
	(void)setrlimit(RLIMIT_NOFILE, &l);
}

static int open_signals(void)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool open_queue(runner *r)
{
	r->queue_dir = file_open_dir(AT_FDCWD, r->opt->queue);
	r->new_dir = r->queue_dir < 0 ? -1 : file_open_dir(r->queue_dir, "new");
	if (r->new_dir < 0) {
		warn_errno("%s", r->opt->queue);
		return false;
	}
	return true;
}

static bool open_run(runner *r, const runner_options *opt)
{
	*r = (runner){.opt = opt, .queue_dir = -1, .new_dir = -1, .watch_fd = -1};
	r->ready_end = &r->ready;
	if (!open_queue(r))
		return false;
	raise_limits();
	(void)read_control(r);
	pace_open(r);
	results_open(&r->results, r->queue_dir);
	pass_hold(r);
	if (!watch_open(r, opt->id_count == 0)) {
		warn_errno("%s/new cannot be watched", opt->queue);
		return false;
	}
	r->resolver = resolver_open();
	r->scan_at = 1;
	if (opt->stay) {
		log_line l;
		log_begin(&l, "watching");
		log_puts(&l, "queue", opt->queue);
		log_puts(&l, "first-tries", r->holder_since ? "yes" : "no, another runner watches");
		log_end(&l);
	}
	return true;
}

static bool idle(const runner *r)
{
	return !r->workers && !r->task_count && !r->touched && names_empty(&r->todo) &&
	       names_empty(&r->soon) && !r->drop_due;
}

static void close_run(runner *r)
{
	/* A pass that was cut short has left work; one that only looked at IDs has no mark. */
	bool through = r->queue_dir >= 0 && !r->stopping && !r->behind && idle(r);
	settle_stop(r);
	remove_flush(r);
	if (through && r->mark.scanned && !r->opt->foreign)
		mark_write(r->queue_dir, &r->mark, r->clock.largest);
	if (r->results.others)
		results_close(&r->results);
	hop_free_all(r);
	pace_close(r);
	while (r->workers) {
		worker *w = r->workers;
		r->workers = w->next;
		free(w->jobs);
		free(w);
	}
	names_free(&r->todo);
	names_free(&r->soon);
	free(r->gone);
	if (r->resolver)
		resolver_close(r->resolver);
	int fds[] = {r->watch_fd, r->new_dir, r->queue_dir};
	for (size_t i = 0; i < 3; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

static int earliest(int a, int b)
{
	return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

static int wait_ms(const runner *r)
{
	if (r->touched || (!names_empty(&r->todo) && r->task_count < TASKS_MAX && !r->stopping))
		return 0;
	if (r->stopping)
		return 100;
	int ms = clock_left(r->soon_at);
	for (const hop *h = r->ready; h; h = h->ready_next)
		if (h->local ? h->running < LOCAL_WORKERS : pace_may_run(r, h))
			ms = earliest(ms, hop_slow_ms(h));
	if (r->dirty_since)
		ms = earliest(ms, clock_left(r->dirty_since + FLUSH_MS));
	if (r->opt->id_count)
		return ms;
	ms = earliest(ms, clock_left(r->scan_at));
	if (r->opt->stay && r->due_at) {
		int64_t left = (r->due_at - clock_now()) * 1000;
		ms = earliest(ms, left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left);
	}
	return ms;
}

static void read_signals(runner *r, int fd)
{
	struct signalfd_siginfo info;
	while (read(fd, &info, sizeof info) == sizeof info)
		if (info.ssi_signo == SIGCHLD)
			r->children = true;
		else
			r->stopping = true;
}

static void work(runner *r)
{
	watch_read(r);
	if (!r->stopping && !r->opt->id_count)
		pass_round(r);
	else if (!r->stopping)
		pass_claim(r);
	dispatch_collect(r);
	settle_all(r);
	if (!r->stopping)
		dispatch_start(r);
	if (r->dirty_since && (clock_left(r->dirty_since + FLUSH_MS) == 0 || idle(r)))
		remove_flush(r);
}

/* Returns when there is nothing more to do, or what was running has ended. */
static void loop(runner *r, int signals)
{
	int64_t stop_at = 0;
	for (;;) {
		work(r);
		if (r->stopping && !stop_at)
			stop_at = clock_ms() + RUNNER_STOP_SECONDS * 1000;
		if (stop_at && (!r->workers || clock_left(stop_at) == 0))
			return;
		if (!stop_at && !r->opt->stay && idle(r) && (r->opt->id_count || r->scanned)) {
			watch_read(r); /* a bounce of our own, a message that came meanwhile */
			if (idle(r))
				return;
		}
		struct pollfd p[] = {{signals, POLLIN, 0}, {r->watch_fd, POLLIN, 0}};
		(void)poll(p, 2, wait_ms(r));
		if (p[0].revents)
			read_signals(r, signals);
	}
}

int runner_run(const runner_options *opt)
{
	static runner r;
	int signals = open_signals();
	if (signals < 0 || !open_run(&r, opt)) {
		close_run(&r);
		return EX_TEMPFAIL;
	}
	size_t missing = opt->id_count ? pass_ids(&r) : 0;
	loop(&r, signals);
	close_run(&r);
	(void)close(signals);
	return opt->id_count && (missing || r.asked_good < opt->id_count) ? EX_TEMPFAIL : EX_OK;
}
