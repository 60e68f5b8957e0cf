#include "run/edit.h"

#include <poll.h>
#include <sys/file.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/log.h"
#include "queue/bounce.h"
#include "queue/choose.h"

enum { CHASES = 20, CLAIM_PAUSE_MS = 20 };

void edit_open(edit *ed, int queue_dir, enum edit_verb verb)
{
	*ed = (edit){.queue_dir = queue_dir, .verb = verb};
	results_open(&ed->others, queue_dir);
}

void edit_close(edit *ed)
{
	results_close(&ed->others);
	free(ed->gone);
	ed->gone = NULL;
}

/* It was renamed: deferred by a runner, or by another edit. */
static enum edit_result find_again(const edit *ed, scan_entry *e)
{
	if (scan_find(ed->queue_dir, e->id, e->name)) {
		e->where = scan_where_of(e->name);
		return EDIT_DONE;
	}
	return errno == ENOENT ? EDIT_GONE : EDIT_FAILED;
}

/* Whether somebody has the lock, as the one who tries it does. */
static bool is_worked_on(const edit *ed, const char *name)
{
	int fd = file_open_read(ed->queue_dir, name);
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	if (fd >= 0)
		(void)close(fd);
	return locked;
}

enum edit_result edit_stop(edit *ed, scan_entry *e)
{
	for (int i = 0; i < CHASES; i++) {
		if (e->where == SCAN_FAILED)
			return EDIT_DONE; /* nobody tries that */
		if (qmsg_hold_name(ed->queue_dir, e->name, e->id)) {
			(void)snprintf(e->name, sizeof e->name, "hold/%s", e->id);
			e->where = SCAN_HOLD;
			return is_worked_on(ed, e->name) ? EDIT_WORKED_ON : EDIT_DONE;
		}
		if (errno != ENOENT)
			return EDIT_FAILED;
		enum edit_result r = find_again(ed, e);
		if (r != EDIT_DONE)
			return r;
	}
	errno = EBUSY;
	return EDIT_FAILED;
}

/* A partial file was never confirmed. Its sender may still write it up to the claim, so that it is left alone
 * where nobody wants to be rid of it. */
static enum edit_result set_aside(const edit *ed, const scan_entry *e, enum qmsg_result r)
{
	if (e->where == SCAN_FAILED)
		return EDIT_DAMAGED;
	if (r == QMSG_PARTIAL && ed->verb != EDIT_REMOVE && ed->verb != EDIT_BOUNCE)
		return EDIT_PARTIAL;
	return qmsg_set_aside(ed->queue_dir, e->name,
			      r == QMSG_PARTIAL ? "its length or sum is wrong"
						: "the envelope cannot be read")
		   ? EDIT_DAMAGED
		   : EDIT_FAILED;
}

/* Claims it, under whatever name it has by then. */
static enum edit_result claim(edit *ed, scan_entry *e, qmsg *m)
{
	for (;;) {
		enum qmsg_result r = qmsg_claim(ed->queue_dir, e->name, m);
		if (r == QMSG_OK)
			return EDIT_DONE;
		if (r == QMSG_PARTIAL || r == QMSG_DAMAGED)
			return set_aside(ed, e, r);
		if (r == QMSG_ERROR)
			return EDIT_FAILED;
		enum edit_result again = find_again(ed, e);
		if (again != EDIT_DONE)
			return again;
		if (ed->verb == EDIT_RETRY && is_worked_on(ed, e->name))
			return EDIT_WORKED_ON; /* it is being tried: what was asked for */
		if (clock_ms() >= ed->give_up_at)
			return EDIT_BUSY;
		(void)poll(NULL, 0, CLAIM_PAUSE_MS);
	}
}

/* new/ID, and a runner that watches is woken: it waits for the close of a file that was written. Without
 * that it would come by a minute later. The lock is given up first, or he would find it taken. */
static enum edit_result make_due(const edit *ed, qmsg *m, qlog *log)
{
	/* A line in the log makes every later try a repeat (run/runner.c): this may have been tried. */
	qlog_released(log);
	if (log->error || !qmsg_release(ed->queue_dir, m)) {
		errno = log->error ? log->error : errno;
		return EDIT_FAILED;
	}
	int fd = openat(ed->queue_dir, m->name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	(void)flock(m->fd, LOCK_UN);
	if (fd >= 0)
		(void)close(fd);
	return EDIT_DONE;
}

/* Unlinked: its log goes when that is durable (edit_sync). */
static void note_gone(edit *ed, const char *id)
{
	log_line l;
	if (ed->gone_count == ed->gone_room) {
		ed->gone_room = ed->gone_room ? ed->gone_room * 2 : 64;
		ed->gone = xrealloc(ed->gone, ed->gone_room, sizeof *ed->gone);
	}
	memcpy(ed->gone[ed->gone_count++], id, sizeof *ed->gone);
	log_begin(&l, ed->verb == EDIT_REMOVE ? "removed" : "finished");
	log_puts(&l, "id", id);
	log_putn(&l, "uid", getuid());
	log_end(&l);
}

static enum edit_result take_out(edit *ed, qmsg *m)
{
	if (!qmsg_unlink(ed->queue_dir, m))
		return EDIT_FAILED;
	note_gone(ed, m->id);
	return EDIT_DONE;
}

/* Nobody tries what is in failed/, and it may be unreadable: no claim. */
static enum edit_result remove_failed(edit *ed, const scan_entry *e)
{
	if (unlinkat(ed->queue_dir, e->name, 0) < 0)
		return errno == ENOENT ? EDIT_GONE : EDIT_FAILED;
	note_gone(ed, e->id);
	return EDIT_DONE;
}

/* The words of the last attempt are the more telling ones; they stay behind the operator's. */
static status bounce_status(const edit *ed, const qlog_rcpt *r)
{
	const char *why = ed->reason ? ed->reason : "returned by the administrator";
	if (r->event != QLOG_DEFERRED || !*r->last.text)
		return status_make(EX_UNAVAILABLE, 0, "5.0.0", "%s", why);
	return status_make(EX_UNAVAILABLE, 0, "5.0.0", "%.200s; the last attempt: %s%.240s", why,
			   r->last.reply ? "it was told " : "", r->last.text);
}

static enum edit_result bounce(edit *ed, qmsg *m, qlog *log)
{
	enum dsn_kind kind = DSN_NONE;
	bool any = false;
	results_merge(&ed->others, log);
	for (size_t n = 1; n <= log->count; n++) {
		const qlog_rcpt *r = &log->rcpts[n - 1];
		if (!choose_waits(r))
			continue;
		any = true;
		if (r->event == QLOG_FAILED)
			continue; /* with the reason that it has */
		status st = bounce_status(ed, r);
		qlog_record(log, n, QLOG_FAILED, &st, &log->rcpts[n - 1].by);
	}
	if (log->error || !qlog_sync(log) ||
	    (any && !bounce_failed(ed->queue_dir, m, log, &kind)) ||
	    !bounce_success(ed->queue_dir, m, log)) {
		errno = log->error ? log->error : EAGAIN;
		return EDIT_FAILED;
	}
	if (kind == DSN_KEEP)
		return qmsg_fail(ed->queue_dir, m) ? EDIT_DONE : EDIT_FAILED;
	return take_out(ed, m);
}

static enum edit_result act(edit *ed, qmsg *m, qlog *log)
{
	switch (ed->verb) {
	case EDIT_RELEASE:
	case EDIT_RETRY:
		return make_due(ed, m, log);
	case EDIT_REMOVE:
		return take_out(ed, m);
	case EDIT_BOUNCE:
		return bounce(ed, m, log);
	case EDIT_HOLD:
	case EDIT_SHOW:
		break;
	}
	return EDIT_DONE;
}

enum edit_result edit_apply(edit *ed, scan_entry *e)
{
	qmsg m;
	qlog log;
	if (ed->verb == EDIT_RELEASE && e->where != SCAN_HOLD)
		return EDIT_NOT_HELD;
	if (ed->verb == EDIT_RETRY && e->where == SCAN_HOLD)
		return EDIT_IS_HELD;
	if (ed->verb == EDIT_RETRY && e->where == SCAN_NEW)
		return is_worked_on(ed, e->name) ? EDIT_WORKED_ON : EDIT_DONE; /* is due */
	if (ed->verb == EDIT_REMOVE && e->where == SCAN_FAILED)
		return remove_failed(ed, e);
	enum edit_result r = claim(ed, e, &m);
	if (r != EDIT_DONE)
		return r;
	results_refresh(&ed->others);
	/* By the claim: it may have been held, or released, since it was looked at. */
	if (ed->verb == EDIT_RETRY && e->where == SCAN_HOLD)
		r = EDIT_IS_HELD;
	else if (ed->verb == EDIT_RELEASE && e->where != SCAN_HOLD)
		r = EDIT_NOT_HELD;
	else if (!qlog_open(&log, ed->queue_dir, &m))
		r = EDIT_FAILED;
	else {
		r = act(ed, &m, &log);
		int error = errno;
		qlog_close(&log);
		errno = error;
	}
	int error = errno;
	memcpy(e->name, m.name, sizeof e->name);
	qmsg_close(&m);
	errno = error;
	return r;
}

bool edit_sync(edit *ed)
{
	/* Names in up to 258 directories changed: one sync of the file system is the cheaper one. */
	bool done = syncfs(ed->queue_dir) == 0;
	int error = errno;
	/* A log that goes before its message would have that tried again. */
	for (size_t i = 0; done && i < ed->gone_count; i++)
		qmsg_forget(ed->queue_dir, ed->gone[i]);
	ed->gone_count = 0;
	errno = error;
	return done;
}
