#include "run/settle.h"

#include "base/die.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/out.h"
#include "queue/bounce.h"
#include "queue/notify.h"
#include "run/remove.h"
#include "run/task.h"

enum { TROUBLE_MS = 60000 };

static enum qlog_event outcome(const task_rcpt *c)
{
	if (status_is_ok(&c->st))
		return c->remote ? QLOG_RELAYED : QLOG_DELIVERED;
	return status_is_permanent(&c->st) ? QLOG_FAILED : QLOG_DEFERRED;
}

/* One line a recipient, for who asked by ID. */
static void answer(const task *t, size_t n, enum qlog_event e)
{
	const task_rcpt *c = &t->rcpts[n - 1];
	str line = str_new(2048);
	addr_write(&t->log.rcpts[n - 1].path.addr, &line);
	(void)str_printf(&line, "\t%s\t", qlog_event_name(e));
	if (c->st.reply)
		(void)str_printf(&line, "%d ", c->st.reply);
	(void)str_printf(&line, "%s%s%s\n", c->st.enhanced, *c->st.enhanced ? " " : "", c->st.text);
	(void)!write_all(STDOUT_FILENO, str_span(&line));
	str_free(&line);
}

/* What was put off is written down once, for who asks why it waits. */
static void record(task *t, size_t n, enum qlog_event e)
{
	if (!t->rcpts[n - 1].put_off || t->log.rcpts[n - 1].event == QLOG_NONE)
		qlog_record(&t->log, n, e, &t->rcpts[n - 1].st, &t->rcpts[n - 1].who);
	t->rcpts[n - 1].state = RCPT_SAVED;
}

/* A deferral becomes a failure when the message is old and was tried often. */
static void give_up(const runner *r, task *t, task_rcpt *c)
{
	if (status_is_ok(&c->st) || status_is_permanent(&c->st) || c->put_off)
		return;
	size_t attempts = t->log.attempts + (t->attempted ? 0 : 1);
	if (!retry_give_up(&r->clock, t->since, attempts, clock_now()))
		return;
	status last = c->st;
	c->st = status_make(EX_UNAVAILABLE, 0, "4.4.7",
			    "given up after %zu attempts; the last: %d %s %.400s", attempts,
			    last.reply, last.enhanced, last.text);
}

/* The fast way: everybody got it at once, nothing was written down, and nothing needs to be. A report of success
 * has to be told apart from its repetition, so that who wants one goes the long way. */
static bool all_reached(const task *t, bool *relayed)
{
	*relayed = false;
	for (size_t n = 1; n <= t->log.count; n++) {
		const task_rcpt *c = &t->rcpts[n - 1];
		enum qlog_event e = t->log.rcpts[n - 1].event;
		if (c->state == RCPT_DONE && status_is_ok(&c->st))
			*relayed = *relayed || c->remote;
		else if (c->state != RCPT_SAVED && c->state != RCPT_SETTLED)
			return false;
		else if (e != QLOG_DELIVERED && e != QLOG_RELAYED && e != QLOG_EXPANDED &&
			 e != QLOG_BOUNCED)
			return false;
	}
	return true;
}

static void tell(task *t)
{
	for (size_t n = 1; n <= t->log.count; n++) {
		const task_rcpt *c = &t->rcpts[n - 1];
		if (c->state != RCPT_DONE)
			continue;
		task_log(t, c->put_off ? "put-off" : qlog_event_name(outcome(c)), n, &c->st);
		if (t->ask)
			answer(t, n, outcome(c));
	}
}

static void trouble(runner *r, const task *t, const char *what)
{
	log_line l;
	log_begin(&l, "error");
	log_puts(&l, "id", t->m.id);
	log_puts(&l, "text", what);
	log_puts(&l, "reason", strerror(errno));
	log_end(&l);
	r->results.keep = true;
	r->behind = true;
	/* The file stays where it is, and is due: not at once, or we would spin. */
	r->scan_at = clock_ms() + TROUBLE_MS;
}

static bool any_failed(const task *t)
{
	for (size_t n = 1; n <= t->log.count; n++)
		if (t->log.rcpts[n - 1].event == QLOG_FAILED)
			return true;
	return false;
}

/* The earliest time of what was put off, where nobody was tried at all: that is no attempt, and the clock of the
 * message does not go on. 0: somebody was tried. */
static int64_t put_off_until(const task *t)
{
	int64_t until = 0;
	for (size_t n = 1; n <= t->log.count; n++) {
		const task_rcpt *c = &t->rcpts[n - 1];
		if (c->state != RCPT_DONE && c->state != RCPT_SAVED)
			continue;
		if (!c->put_off)
			return 0;
		if (!until || c->put_off < until)
			until = c->put_off;
	}
	return until;
}

static void defer(runner *r, task *t)
{
	int64_t now = clock_now(), until = put_off_until(t);
	int64_t when =
	    until ? until : retry_next(&r->clock, span_str(t->m.id), t->log.attempts, now);
	if (retry_warn(&r->clock, t->since, t->log.attempts, now))
		(void)bounce_warn(r->queue_dir, &t->m, &t->log, t->since + r->clock.lifetime);
	if (!qlog_sync(&t->log) || !qmsg_defer(r->queue_dir, &t->m, when)) {
		trouble(r, t, "cannot be deferred");
		return;
	}
	if (r->due_at == 0 || when < r->due_at)
		r->due_at = when;
}

/* Not everybody was reached, or a log exists: the long way. */
static void settle_logged(runner *r, task *t)
{
	bool failed_before = any_failed(t);
	for (size_t n = 1; n <= t->log.count; n++)
		if (t->rcpts[n - 1].state == RCPT_DONE)
			record(t, n, outcome(&t->rcpts[n - 1]));
	if (!t->attempted && !put_off_until(t))
		qlog_attempt(&t->log);
	bool due = failed_before || any_failed(t);
	enum dsn_kind kind = DSN_NONE;
	if (t->log.error || (due && !bounce_failed(r->queue_dir, &t->m, &t->log, &kind)) ||
	    !bounce_success(r->queue_dir, &t->m, &t->log)) {
		/* The bounce or report cannot be queued, or nothing can be written: all is tried again later. */
		if (t->log.error)
			trouble(r, t, "log cannot be written");
		else
			defer(r, t);
		return;
	}
	if (!qlog_finished(&t->log))
		defer(r, t);
	else if (kind == DSN_KEEP ? !qmsg_fail(r->queue_dir, &t->m) : !remove_message(r, t, true))
		trouble(r, t, "cannot be removed");
}

static void settle(runner *r, task *t)
{
	bool relayed;
	for (size_t n = 1; n <= t->log.count; n++)
		if (t->rcpts[n - 1].state == RCPT_DONE)
			give_up(r, t, &t->rcpts[n - 1]);
	tell(t);
	bool reached = all_reached(t, &relayed);
	if (t->ask && reached)
		r->asked_good++;
	if (!reached || notify_success_asked(&t->m))
		settle_logged(r, t);
	else if (!remove_message(r, t, relayed))
		trouble(r, t, "cannot be removed");
	task_close(r, t);
}

/* Some of several jobs are through: a relayed copy is written down now, it could not be found out again. */
static void settle_part(task *t)
{
	bool any = false;
	for (size_t n = 1; n <= t->log.count; n++) {
		task_rcpt *c = &t->rcpts[n - 1];
		if (c->state != RCPT_DONE || !c->remote || !status_is_ok(&c->st))
			continue;
		task_log(t, "relayed", n, &c->st);
		if (t->ask)
			answer(t, n, QLOG_RELAYED);
		record(t, n, QLOG_RELAYED);
		any = true;
	}
	if (any)
		(void)qlog_sync(&t->log);
}

void settle_all(runner *r)
{
	while (r->touched) {
		task *t = r->touched;
		r->touched = t->touched_next;
		t->touched = false;
		if (t->open == 0)
			settle(r, t);
		else
			settle_part(t);
	}
}

/* What waits goes back as it was; what is through is written down. */
static void stop_task(runner *r, task *t)
{
	bool any = false;
	for (size_t n = 1; n <= t->log.count; n++) {
		task_rcpt *c = &t->rcpts[n - 1];
		if (c->state != RCPT_DONE)
			continue;
		task_log(t, qlog_event_name(outcome(c)), n, &c->st);
		record(t, n, outcome(c));
		any = true;
	}
	if (any)
		(void)qlog_sync(&t->log);
	task_close(r, t);
}

void settle_stop(runner *r)
{
	settle_all(r);
	for (size_t i = 0; i < TASK_BUCKETS; i++)
		while (r->tasks[i])
			stop_task(r, r->tasks[i]);
}
