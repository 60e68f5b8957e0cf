#include "run/dispatch.h"

#include <sys/wait.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/log.h"
#include "queue/job.h"
#include "queue/notify.h"
#include "resolve/return_path.h"
#include "run/hop.h"
#include "run/pace.h"
#include "run/task.h"
#include "run/watch.h"

enum { JOBS_MAX = 16 << 20, DEST_MAX = 4096 };

/* The jobs of one worker while it is being started. */
typedef struct load {
	str lines;
	given jobs[BATCH_JOBS];
	size_t count;
	int locks[BATCH_JOBS];
	size_t lock_count;
} load;

static void write_params(const envelope_path *p, str *to)
{
	for (size_t i = 0; i < p->param_count; i++) {
		if (i)
			(void)str_putc(to, ' ');
		(void)str_put(to, p->params[i].key);
		if (p->params[i].value.p) {
			(void)str_putc(to, '=');
			(void)str_put(to, p->params[i].value);
		}
	}
}

/* A worker that is another user cannot open a file of the queue: it takes the descriptor of the lock, which
 * it inherits. */
static void write_path(const runner *r, const hop *h, const task *t, str *to)
{
	if (h->owner.set && h->local)
		(void)str_printf(to, "/proc/self/fd/%d", t->m.fd);
	else
		(void)str_printf(to, "%s/%s", r->opt->queue, t->m.name);
}

/* What aliases sent on comes back to the list's owner, or by way of us. */
static void put_sender(const runner *r, const task *t, size_t n, str *to)
{
	const addr *from = &t->m.env.sender.addr;
	const qlog_rcpt *all = t->log.rcpts, *q = &all[n - 1];
	bool remote = t->rcpts[n - 1].remote;
	for (size_t i = q->parent; i && !from->null; i = all[i - 1].parent)
		if (return_path_list(r->resolver, &all[i - 1].path.addr,
				     remote ? &q->path.addr : NULL, to))
			return;
	if (!q->parent || !remote || !return_path_forward(r->resolver, from, to))
		addr_write(from, to);
}

static void write_job(const runner *r, const hop *h, const task *t, size_t n, str *to)
{
	str path = str_new(DEST_MAX), sender = str_new(2 * ADDR_MAX), orig = str_new(2 * ADDR_MAX);
	str rcpt = str_new(2 * ADDR_MAX), mail = str_new(4096), params = str_new(4096);
	const qlog_rcpt *q = &t->log.rcpts[n - 1], *root = notify_root(&t->log, q);
	write_path(r, h, t, &path);
	put_sender(r, t, n, &sender);
	addr_write(&q->path.addr, &rcpt);
	addr_write(&root->path.addr, &orig);
	write_params(&t->m.env.sender, &mail);
	notify_params(&t->log, q, &params);
	size_t attempt = t->log.attempts + (t->attempted ? 0 : 1);
	const job j = {
	    .id = span_str(t->m.id),
	    .n = n,
	    .path = str_span(&path),
	    .offset = (uint64_t)t->m.offset,
	    .size = t->m.size,
	    .sender = str_span(&sender),
	    .recipient = str_span(&rcpt),
	    .orig = str_span(&orig),
	    .dest = t->rcpts[n - 1].dest,
	    .mail_params = str_span(&mail),
	    .rcpt_params = str_span(&params),
	    .attempt = (unsigned)(t->again && attempt < 2 ? 2 : attempt),
	};
	job_write(&j, to);
	str *all[] = {&path, &sender, &orig, &rcpt, &mail, &params};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		str_free(all[i]);
}

/* How many of its waiting messages the next worker may take, at most `most`. */
static size_t waiting_messages(const hop *h, size_t most)
{
	size_t n = 0;
	for (size_t i = h->head; i < h->count && n < most; i++)
		n += i == h->head || h->jobs[i].t != h->jobs[i - 1].t;
	return n;
}

/* Takes waiting jobs off the hop. What an operator has put on hold since it was claimed goes to nobody. */
static void fill(runner *r, hop *h, load *l)
{
	const status on_hold = status_make(EX_TEMPFAIL, 0, "4.3.0", "held by the operator");
	const task *last = NULL;
	bool held = false;
	size_t messages = h->local ? BATCH_JOBS : BATCH_REMOTE;
	size_t jobs = h->local ? BATCH_LOCAL : BATCH_JOBS;
	size_t granted = pace_grant(r, h, waiting_messages(h, messages));
	for (; h->head < h->count && l->count < jobs; h->head++) {
		task *t = h->jobs[h->head].t;
		size_t n = h->jobs[h->head].n;
		if (t != last && l->lock_count == messages)
			break;
		held = t == last ? held : qmsg_moved(r->queue_dir, &t->m);
		if (held) {
			last = t;
			task_result(r, t, n, &on_hold, NULL);
			continue;
		}
		if (t != last && l->lock_count >= granted && !t->ask) {
			pace_put_off(r, h, t, n);
			continue;
		}
		if (t != last)
			l->locks[l->lock_count++] = t->m.fd;
		last = t;
		write_job(r, h, t, n, &l->lines);
		t->rcpts[n - 1].state = RCPT_GIVEN;
		memcpy(l->jobs[l->count].id, t->m.id, sizeof t->m.id);
		l->jobs[l->count++].n = n;
	}
}

static void fail_job(runner *r, const given *g, const worker *by, const status *st)
{
	task *t = task_find(r, span_str(g->id));
	if (t && g->n <= t->log.count && t->rcpts[g->n - 1].state == RCPT_GIVEN &&
	    t->rcpts[g->n - 1].by == by) {
		/* A worker that ends with us, by a signal to both, is no attempt that failed. */
		if (r->stopping)
			t->rcpts[g->n - 1].state = RCPT_WAITS;
		else
			task_result(r, t, g->n, st, NULL);
	}
}

static void own_jobs(runner *r, const load *l, worker *w)
{
	w->count = l->count;
	w->jobs = xcalloc(l->count, sizeof *w->jobs);
	memcpy(w->jobs, l->jobs, l->count * sizeof *w->jobs);
	for (size_t i = 0; i < l->count; i++) {
		task *t = task_find(r, span_str(l->jobs[i].id));
		if (t)
			t->rcpts[l->jobs[i].n - 1].by = w;
	}
}

static void start_worker(runner *r, hop *h)
{
	static load l;
	l.count = l.lock_count = 0;
	l.lines = str_new(JOBS_MAX);
	fill(r, h, &l);
	if (l.count == 0) {
		str_free(&l.lines);
		return;
	}
	result_file *file = results_current(&r->results);
	worker *w = xcalloc(1, sizeof *w);
	w->hop = h;
	w->file = file;
	own_jobs(r, &l, w);
	errno = l.lines.over ? EFBIG : errno;
	if (file && !l.lines.over)
		w->pid = worker_spawn(h->agent, str_span(&l.lines), file->fd, l.locks, l.lock_count,
				      &h->owner);
	else
		w->pid = -1;
	if (w->pid < 0) {
		status st =
		    status_doubt("%.*s cannot be started: %s", SPAN_FMT(h->agent), strerror(errno));
		for (size_t i = 0; i < w->count; i++)
			fail_job(r, &w->jobs[i], w, &st);
		free(w->jobs);
		free(w);
	} else {
		watch_results(r, file);
		w->next = r->workers;
		r->workers = w;
		file->workers++;
		h->running++;
		h->started = clock_ms();
		r->remote_workers += h->local ? 0 : 1;
	}
	str_free(&l.lines);
}

void dispatch_start(runner *r)
{
	hop *h, *again = NULL, **again_end = &again;
	while ((h = hop_next_ready(r))) {
		pace_hold_back(r, h);
		while (h->head < h->count && hop_may_run(r, h))
			start_worker(r, h);
		if (h->head < h->count) {
			h->ready = true; /* not for others to queue while it is on our list */
			h->ready_next = NULL;
			*again_end = h;
			again_end = &h->ready_next;
		} else if (h->running == 0) {
			hop_settle(r, h); /* no worker could be started */
		}
	}
	/* What must wait for a worker to end stays in order. */
	r->ready = again;
	r->ready_end = again ? again_end : &r->ready;
}

static void take_result(void *arg, const job_result *res)
{
	runner *r = arg;
	task *t = task_find(r, res->id);
	if (!t || res->n < 1 || res->n > t->log.count || t->rcpts[res->n - 1].state != RCPT_GIVEN)
		return;
	if (t->rcpts[res->n - 1].by)
		pace_note(t->rcpts[res->n - 1].by, &res->st);
	task_result(r, t, res->n, &res->st, &res->by);
}

/* Unlinks the ended ones from r->workers. */
static worker *reap(runner *r)
{
	worker *ended = NULL;
	int how;
	for (worker **at = &r->workers; *at;) {
		worker *w = *at;
		pid_t pid = waitpid(w->pid, &how, WNOHANG);
		if (pid == 0 || (pid < 0 && errno == EINTR)) {
			at = &w->next;
			continue;
		}
		w->exit_code = pid < 0		? EX_TEMPFAIL
			       : WIFEXITED(how) ? WEXITSTATUS(how)
						: 128 + WTERMSIG(how);
		*at = w->next;
		w->next = ended;
		ended = w;
	}
	return ended;
}

static void end_worker(runner *r, worker *w)
{
	hop *h = w->hop;
	status st =
	    status_doubt("%.*s ended with %d and said nothing", SPAN_FMT(h->agent), w->exit_code);
	for (size_t i = 0; i < w->count; i++)
		fail_job(r, &w->jobs[i], w, &st);
	results_release(&r->results, w->file);
	h->running--;
	pace_learn(r, h, w);
	r->remote_workers -= h->local ? 0 : 1;
	hop_settle(r, h);
	free(w->jobs);
	free(w);
}

void dispatch_collect(runner *r)
{
	worker *ended = r->children ? reap(r) : NULL;
	r->children = false;
	results_read(&r->results, take_result, r); /* after the ends: nothing comes behind them */
	while (ended) {
		worker *w = ended;
		ended = w->next;
		end_worker(r, w);
	}
}
