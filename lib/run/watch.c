#include "run/watch.h"

#include <sys/inotify.h>

#include "io/clock.h"

enum { RECENT = 60, RECENT_SCAN_MS = 30000, EVENTS_ROOM = 65536, SECONDS_DIGITS = 7 };

static int add(const runner *r, const char *name, uint32_t mask)
{
	str path = str_new(8192);
	(void)str_printf(&path, "%s/%s", r->opt->queue, name);
	int wd = inotify_add_watch(r->watch_fd, str_cstr(&path), mask);
	str_free(&path);
	return wd;
}

bool watch_open(runner *r, bool directories)
{
	r->wd_new = r->wd_drop = -1;
	r->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (r->watch_fd < 0)
		return false;
	if (!directories)
		return true;
	r->wd_new = add(r, "new", IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR);
	r->wd_drop = add(r, "drop", IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR);
	return r->wd_new >= 0; /* a queue without drop/ works */
}

void watch_results(runner *r, result_file *f)
{
	char path[16];
	if (f->watched)
		return;
	results_path(f->slot, path);
	f->watched = add(r, path, IN_MODIFY) >= 0; /* without it the ends of the workers wake us */
}

static void scan_within(runner *r, int64_t ms)
{
	int64_t at = clock_ms() + ms;
	if (r->scan_at == 0 || at < r->scan_at)
		r->scan_at = at;
}

/* An adder renames, syncs, and closes: the close is the sign. A rename alone is an operator's release; one
 * of a young message is most likely an adder's, so that a look at all of new/ soon is enough. */
static void take_new(runner *r, const char *id, bool closed)
{
	queue_name one = {.fresh = closed};
	if (!qid_valid(span_str(id)))
		return;
	if (!closed) {
		char young[SECONDS_DIGITS];
		qid_digits((uint64_t)(clock_now() - RECENT), SECONDS_DIGITS, young);
		if (memcmp(id, young, SECONDS_DIGITS) >= 0) {
			scan_within(r, RECENT_SCAN_MS);
			return;
		}
	}
	(void)snprintf(one.name, sizeof one.name, "new/%s", id);
	if (!names_push(&r->todo, &one))
		scan_within(r, 0);
}

static void take(runner *r, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW)
		scan_within(r, 0);
	else if (e->len && e->wd == r->wd_new)
		take_new(r, e->name, (e->mask & IN_CLOSE_WRITE) != 0);
	else if (e->len && e->wd == r->wd_drop)
		r->drop_due = true;
}

void watch_read(runner *r)
{
	static _Alignas(struct inotify_event) char buf[EVENTS_ROOM];
	ssize_t n;
	while ((n = read(r->watch_fd, buf, sizeof buf)) > 0) {
		for (ssize_t at = 0; at < n;) {
			struct inotify_event e;
			memcpy(&e, buf + at, sizeof e);
			/* In place: the name follows the head. */
			take(r, (const struct inotify_event *)(const void *)(buf + at));
			at += (ssize_t)(sizeof e + e.len);
		}
	}
}
