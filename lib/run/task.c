#include "run/task.h"

#include <sys/stat.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/log.h"
#include "io/sum.h"
#include "mail/date.h"
#include "mail/msgid.h"
#include "queue/scan.h"
#include "run/hop.h"
#include "run/route.h"

enum { TASK_MEM_MAX = 64 << 20, HEAD_OCTETS = 8192 };

static task **bucket(runner *r, span id)
{
	return &r->tasks[sum_crc32(0, id) % TASK_BUCKETS];
}

task *task_find(runner *r, span id)
{
	task *t = *bucket(r, id);
	while (t && !span_eq(span_str(t->m.id), id))
		t = t->next;
	return t;
}

static void add(runner *r, task *t)
{
	task **at = bucket(r, span_str(t->m.id));
	t->next = *at;
	*at = t;
	r->task_count++;
}

static void free_task(task *t)
{
	qlog_close(&t->log);
	qmsg_close(&t->m);
	arena_free(&t->mem);
	free(t->rcpts);
	free(t);
}

void task_close(runner *r, task *t)
{
	for (task **at = bucket(r, span_str(t->m.id)); *at; at = &(*at)->next)
		if (*at == t) {
			*at = t->next;
			r->task_count--;
			break;
		}
	free_task(t);
}

void task_touch(runner *r, task *t)
{
	if (t->touched)
		return;
	t->touched = true;
	t->touched_next = r->touched;
	r->touched = t;
}

void task_result(runner *r, task *t, size_t n, const status *st, const remote_mta *by)
{
	task_rcpt *c = &t->rcpts[n - 1];
	if (c->state != RCPT_WAITS && c->state != RCPT_GIVEN)
		return;
	c->state = RCPT_DONE;
	c->by = NULL;
	c->hop = NULL;
	c->st = *st;
	c->who = (remote_mta){.dsn = by && by->dsn};
	if (by && by->name.n)
		c->who.name = arena_dup(&t->mem, by->name);
	t->open--;
	task_touch(r, t);
}

/* Out of the first octets of the message, once it is asked for. */
static span message_id(task *t)
{
	char head[HEAD_OCTETS];
	if (t->message_id.p)
		return t->message_id;
	ssize_t n = file_pread(t->m.fd, head, sizeof head, t->m.offset);
	span id = n > 0 ? msgid_of(span_of(head, (size_t)n)) : S("");
	t->message_id = id.n ? arena_dup(&t->mem, id) : S("");
	if (!t->message_id.p)
		t->message_id = S("");
	return t->message_id;
}

void task_log(task *t, const char *event, size_t n, const status *st)
{
	log_line l;
	str text = str_new(2 * ADDR_MAX + 1024);
	const qlog_rcpt *rcpt = &t->log.rcpts[n - 1];
	const task_rcpt *c = &t->rcpts[n - 1];
	log_begin(&l, event);
	log_puts(&l, "id", t->m.id);
	if (message_id(t).n)
		log_put(&l, "message-id", message_id(t));
	addr_write(&t->m.env.sender.addr, &text);
	log_put(&l, "sender", str_span(&text));
	str_clear(&text);
	addr_write(&rcpt->path.addr, &text);
	log_put(&l, "recipient", str_span(&text));
	if (rcpt->parent) {
		while (rcpt->parent)
			rcpt = &t->log.rcpts[rcpt->parent - 1];
		str_clear(&text);
		addr_write(&rcpt->path.addr, &text);
		log_put(&l, "orig", str_span(&text));
	}
	if (c->agent.n) {
		log_put(&l, "relay", c->agent);
		log_put(&l, "dest", c->dest);
	}
	if (c->who.name.n)
		log_put(&l, "host", c->who.name);
	log_putn(&l, "delay", clock_now() - t->m.arrived);
	log_status(&l, st);
	log_end(&l);
	str_free(&text);
}

static void log_file(const char *event, const char *name, const char *why)
{
	log_line l;
	log_begin(&l, event);
	log_puts(&l, "file", name);
	log_puts(&l, "text", why);
	log_end(&l);
}

/* A file that never became a message: a crash before it was confirmed. It stays for a while, in case the
 * clock or our idea of it is wrong. */
static void leave_partial(runner *r, const char *name)
{
	struct stat st;
	if (fstatat(r->queue_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    clock_now() - st.st_mtime < SCAN_SWEEP_AGE)
		return;
	if (qmsg_set_aside(r->queue_dir, name, "partial: it was never confirmed"))
		log_file("swept", name, "partial: it was never confirmed");
}

static enum task_claim claim(runner *r, const queue_name *name, qmsg *m)
{
	switch (qmsg_claim(r->queue_dir, name->name, m)) {
	case QMSG_OK:
		return TASK_CLAIMED;
	case QMSG_BUSY:
		return TASK_BUSY;
	case QMSG_PARTIAL:
		leave_partial(r, name->name);
		return TASK_LEFT;
	case QMSG_DAMAGED:
		if (qmsg_set_aside(r->queue_dir, name->name, "the envelope cannot be read"))
			log_file("set-aside", name->name, "damaged: the envelope cannot be read");
		return TASK_LEFT;
	case QMSG_ERROR:
		break;
	}
	log_file("error", name->name, strerror(errno));
	return TASK_LEFT;
}

/* Whether all jobs of the message go where enough messages wait already. */
static hop *all_full(const task *t)
{
	hop *full = NULL;
	for (size_t n = 1; n <= t->log.count; n++) {
		const task_rcpt *c = &t->rcpts[n - 1];
		if (c->state != RCPT_WAITS)
			continue;
		if (!hop_full(c->hop))
			return NULL;
		full = c->hop;
	}
	return full;
}

static void push_jobs(runner *r, task *t)
{
	for (size_t n = 1; n <= t->log.count; n++)
		if (t->rcpts[n - 1].state == RCPT_WAITS) {
			t->open++;
			hop_push(r, t->rcpts[n - 1].hop, t, n);
		}
	if (t->open == 0)
		task_touch(r, t);
}

/* RFC 4865: a user's mail that is to go later. No name is further away than the largest step (queue/retry.h), so one that
 * waits for long is looked at now and then. Who asks for it by its ID gets it now. */
static bool waits(runner *r, task *t)
{
	span stamp;
	int64_t until = 0, now = clock_now();
	t->since = t->m.arrived;
	if (!envelope_param_get(&t->m.env.sender, "HOLDUNTIL", &stamp) ||
	    !date_stamp_parse(stamp, &until))
		return false;
	if (until > t->since)
		t->since = until;
	if (until <= now || t->ask)
		return false;
	int64_t when = until - now > r->clock.largest ? now + r->clock.largest : until;
	if (!qmsg_defer(r->queue_dir, &t->m, when)) {
		log_file("error", t->m.name, strerror(errno));
		return false;
	}
	if (r->due_at == 0 || when < r->due_at)
		r->due_at = when;
	return true;
}

enum task_claim task_claim(runner *r, const queue_name *name, task **claimed)
{
	task *t = xcalloc(1, sizeof *t);
	enum task_claim c = claim(r, name, &t->m);
	if (c != TASK_CLAIMED) {
		free(t);
		return c;
	}
	t->ask = name->ask;
	if (waits(r, t)) {
		qmsg_close(&t->m);
		free(t);
		return TASK_LEFT;
	}
	t->mem = arena_new(TASK_MEM_MAX);
	if (!qlog_open(&t->log, r->queue_dir, &t->m)) {
		log_file("error", name->name, strerror(errno));
		t->log = (qlog){.fd = -1};
		free_task(t);
		return TASK_LEFT;
	}
	t->again =
	    !name->fresh || !r->holder_since || t->m.arrived <= r->holder_since || t->log.exists;
	*claimed = t;
	return TASK_CLAIMED;
}

void task_route(runner *r, task *t)
{
	if (t->again)
		results_merge(&r->results, &t->log);
	route_task(r, t);
}

void task_go(runner *r, task *t, const queue_name *name)
{
	route_confirm(t);
	hop *full = t->ask ? NULL : all_full(t);
	if (full) {
		hop_park(full, name);
		free_task(t);
		return;
	}
	/* Where another runner may think that it saw this message first, the log tells it better. Not
	 * synced: after a crash of the machine nothing is fresh to anybody. */
	if (!r->holder_since && !t->log.exists) {
		qlog_attempt(&t->log);
		t->attempted = true;
	}
	add(r, t);
	push_jobs(r, t);
}
