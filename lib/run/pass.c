#include "run/pass.h"

#include <sys/file.h>
#include <sys/stat.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/log.h"
#include "queue/scan.h"
#include "run/dispatch.h"
#include "run/hop.h"
#include "run/merge.h"
#include "run/task.h"

enum {
	SCAN_MS = 60000,      /* the longest that -w sleeps: less than a bucket of later/ */
	BUSY_TRIES = 9,	      /* 2, 4, 8 … ms: about a second */
	BUSY_SCAN_MS = 15000, /* then somebody works on it; if he dies, we are there */
	SWEEP_SECONDS = 86400,
};

static void told(void *arg, const char *id, uid_t owner, enum drop_result result, const status *st)
{
	static const char *const events[] = {[DROP_QUEUED] = "dropped-in",
					     [DROP_AGAIN] = "dropped-in-before",
					     [DROP_WAITS] = "drop-waits",
					     [DROP_REFUSED] = "drop-refused",
					     [DROP_SWEPT] = "drop-swept"};
	log_line l;
	(void)arg;
	log_begin(&l, events[result]);
	log_puts(&l, "id", id);
	log_putn(&l, "uid", owner);
	if (st && !status_is_ok(st))
		log_status(&l, st);
	log_end(&l);
}

static void copy_drop(runner *r)
{
	uint64_t max;
	r->drop_due = false;
	if (!control_number("max-size", INT64_MAX, 50 << 20, &max)) {
		log_config_error("control/max-size", 1, "not a number");
		return;
	}
	if (!drop_pass(r->queue_dir, max, told, r) && errno != ENOENT)
		log_config_error("queue/drop", 0, strerror(errno));
}

static bool found(void *arg, const scan_entry *e)
{
	runner *r = arg;
	queue_name one = {.fresh = false};
	(void)snprintf(one.name, sizeof one.name, "%s", e->name);
	if (task_find(r, span_str(e->id)))
		return true;
	r->behind = !names_push(&r->todo, &one) || r->behind;
	return !r->behind || !names_full(&r->todo);
}

/* Parked names are found again; they would pile up otherwise. */
static bool clear_parked(runner *r)
{
	bool any = false;
	for (size_t i = 0; i < HOP_BUCKETS; i++)
		for (hop *h = r->hops[i]; h; h = h->next) {
			any = any || !names_empty(&h->parked);
			names_free(&h->parked);
		}
	return any;
}

/* Once a day, or for one-pass runs when the last was long ago: it reads all of log/. */
static void sweep(const runner *r, int64_t now)
{
	struct stat st;
	static const char mark[] = "log/swept";
	if (fstatat(r->queue_dir, mark, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    llabs(now - st.st_mtime) < SWEEP_SECONDS)
		return;
	int fd = openat(r->queue_dir, mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	(void)futimens(fd, NULL);
	(void)close(fd);
	size_t gone = scan_sweep(r->queue_dir, now);
	if (gone) {
		log_line l;
		log_begin(&l, "swept");
		log_putn(&l, "files", (int64_t)gone);
		log_end(&l);
	}
}

void pass_hold(runner *r)
{
	if (!r->holder_since && !r->opt->foreign && !r->opt->id_count &&
	    flock(r->new_dir, LOCK_EX | LOCK_NB) == 0)
		r->holder_since = clock_now();
}

/* Where the passes before this one, of this process or another, have come to. Another host's queue has no marks. */
static int64_t start_of(runner *r, int64_t now)
{
	if (r->opt->foreign)
		return 0;
	if (!r->mark.scanned)
		r->mark = mark_read(r->queue_dir, now, r->clock.largest);
	if (r->mark.scanned > now || now - r->mark.whole >= MARK_SECONDS)
		return 0;
	return r->mark.scanned;
}

static void scan(runner *r)
{
	int64_t now = clock_now(), next = 0;
	pass_hold(r); /* the one before us may have ended */
	merge_dead(r);
	int64_t since = clear_parked(r) || r->behind ? 0 : start_of(r, now);
	r->behind = false;
	r->mark = (scan_mark){now, since ? r->mark.whole : now};
	if (!scan_due(r->queue_dir, since, now, r->clock.largest, found, r, &next)) {
		log_config_error(r->opt->queue, 0, strerror(errno));
		r->behind = true;
	}
	sweep(r, now);
	r->scanned = now > 0 ? now : 1;
	/* Only the buckets that were read told their next one; those ahead are read in time. */
	if (r->due_at <= now || (next && next < r->due_at))
		r->due_at = next;
	r->scan_at = r->opt->stay ? clock_ms() + SCAN_MS : 0;
}

static bool scan_due_now(const runner *r)
{
	if (r->scan_at && clock_left(r->scan_at) == 0)
		return true;
	return r->opt->stay && r->due_at && clock_now() >= r->due_at;
}

static void busy(runner *r, queue_name *name)
{
	const char *slash = strrchr(name->name, '/');
	const char *dot = strrchr(name->name, '.');
	const char *id = dot ? dot + 1 : slash ? slash + 1 : name->name;
	if (task_find(r, span_str(id)))
		return; /* it is we */
	if (faccessat(r->queue_dir, name->name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return;
	r->behind = true;
	if ((name->fresh || name->ask) && name->tries < BUSY_TRIES) {
		int64_t at = clock_ms() + (2 << name->tries++);
		if (!r->soon_at || at < r->soon_at)
			r->soon_at = at;
		(void)names_push(&r->soon, name);
		return;
	}
	if (name->ask)
		warn("%s: another process works on it", id);
	int64_t at = clock_ms() + BUSY_SCAN_MS;
	if (r->opt->stay && (!r->scan_at || at < r->scan_at))
		r->scan_at = at;
}

/* The results of other runs are read once, when all of the batch is claimed: nobody can add to what
 * concerns it any more. */
static void claim_batch(runner *r)
{
	struct {
		task *t;
		queue_name name;
	} batch[BATCH_LOCAL];
	size_t n = 0, expanded = 0;
	bool again = false;
	while (n < BATCH_LOCAL && r->task_count + n < TASKS_MAX &&
	       names_pop(&r->todo, &batch[n].name)) {
		enum task_claim c = task_claim(r, &batch[n].name, &batch[n].t);
		if (c == TASK_BUSY)
			busy(r, &batch[n].name);
		r->behind = r->behind || c == TASK_LEFT;
		if (c != TASK_CLAIMED)
			continue;
		again = again || batch[n].t->again;
		n++;
	}
	if (again)
		results_refresh(&r->results);
	for (size_t i = 0; i < n; i++) {
		task_route(r, batch[i].t);
		expanded += batch[i].t->expanded ? 1 : 0;
	}
	/* One sync for many logs; each is still asked whether it is durable. */
	if (expanded > 1)
		(void)syncfs(r->queue_dir);
	for (size_t i = 0; i < n; i++)
		task_go(r, batch[i].t, &batch[i].name);
}

void pass_claim(runner *r)
{
	if (r->soon_at && clock_left(r->soon_at) == 0) {
		r->soon_at = 0;
		names_move(&r->soon, &r->todo, SIZE_MAX);
	}
	claim_batch(r);
	dispatch_start(r);
}

void pass_round(runner *r)
{
	if (scan_due_now(r) && names_empty(&r->todo)) {
		copy_drop(r);
		scan(r);
	} else if (r->drop_due) {
		copy_drop(r);
	}
	pass_claim(r);
}

size_t pass_ids(runner *r)
{
	size_t missing = 0;
	for (size_t i = 0; i < r->opt->id_count; i++) {
		queue_name one = {.ask = true};
		if (qid_valid(span_str(r->opt->ids[i])) &&
		    scan_find(r->queue_dir, r->opt->ids[i], one.name)) {
			(void)names_push(&r->todo, &one);
			continue;
		}
		warn("%s: not in the queue", r->opt->ids[i]);
		missing++;
	}
	return missing;
}
