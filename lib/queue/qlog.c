/* The log of one message. What may be lost and what not:
 *
 * - A line is written before the step that depends on it (a bounce, an expansion that is acted on,
 *   the unlinking of the message) and made durable by qlog_sync(). What was not synced may be missing
 *   or torn after a crash, and then nothing has depended on it.
 * - Each line has a sum; one that does not hold is not there. The tail behind the last good line is
 *   cut before anything is appended, so that a torn line never swallows the next one.
 * - An expansion counts when its `expanded` line is there; expand lines without it are an expansion
 *   that was never acted on, and their numbers are given again. */
#include "queue/qlog.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/out.h"
#include "io/sumline.h"
#include "queue/qlog_entry.h"

enum { LOG_MAX = 64 << 20, MEM_MAX = 24 << 20, LINE_MAX_WORDS = 1024 };

bool qlog_start(qlog *l, int queue_dir, const char *id, const envelope *env)
{
	*l = (qlog){.fd = -1, .dir = queue_dir, .mem = arena_new(MEM_MAX)};
	(void)snprintf(l->id, sizeof l->id, "%s", id);
	for (size_t i = 0; i < env->rcpt_count; i++)
		qlog_add_rcpt(l)->path = env->rcpts[i];
	return l->count != 0;
}

static void name_of(const qlog *l, char name[static QID_LEN + 8])
{
	(void)snprintf(name, QID_LEN + 8, "log/%s", l->id);
}

bool qlog_open(qlog *l, int queue_dir, const qmsg *m)
{
	char name[QID_LEN + 8];
	str text = str_new(LOG_MAX);
	(void)qlog_start(l, queue_dir, m->id, &m->env);
	name_of(l, name);
	if (file_read(queue_dir, name, &text)) {
		l->good = qlog_replay(l, str_span(&text));
		l->exists = true;
	} else if (errno != ENOENT) {
		int saved = errno;
		str_free(&text);
		qlog_close(l);
		errno = saved;
		return false;
	}
	str_free(&text);
	return true;
}

void qlog_close(qlog *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
	free(l->rcpts);
	l->rcpts = NULL;
	l->count = l->room = 0;
	arena_free(&l->mem);
}

/* root writes for the runner, who owns log/. */
static bool give_to_owner(const qlog *l)
{
	struct stat dir;
	if (geteuid() != 0)
		return true;
	if (fstatat(l->dir, "log", &dir, 0) < 0)
		return false;
	return dir.st_uid == 0 || fchown(l->fd, dir.st_uid, dir.st_gid) == 0;
}

static bool open_to_append(qlog *l)
{
	char name[QID_LEN + 8];
	if (l->fd >= 0)
		return true;
	name_of(l, name);
	l->fd = openat(l->dir, name, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->fd < 0)
		return false;
	if (!l->exists && !give_to_owner(l))
		return false;
	return !l->exists || ftruncate(l->fd, (off_t)l->good) == 0;
}

static bool append(qlog *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool append(qlog *l, const char *fmt, ...)
{
	char words[LINE_MAX_WORDS];
	va_list args;
	if (l->error) {
		errno = l->error;
		return false;
	}
	va_start(args, fmt);
	int n = vsnprintf(words, sizeof words, fmt, args);
	va_end(args);
	span s = span_of(words, n < 0			   ? 0
				: (size_t)n < sizeof words ? (size_t)n
							   : sizeof words - 1);
	str line = str_new(sizeof words + SUMLINE_HEAD + 1);
	sumline_put(s, &line);
	if (!open_to_append(l) || !write_all(l->fd, str_span(&line)))
		l->error = errno;
	str_free(&line);
	errno = l->error;
	return l->error == 0;
}

void qlog_record(qlog *l, size_t n, enum qlog_event event, const status *st, const remote_mta *by)
{
	int64_t now = clock_now();
	static const remote_mta nobody;
	by = by ? by : &nobody;
	if (n == 0 || n > l->count) {
		l->error = l->error ? l->error : EINVAL;
		return;
	}
	str code = str_new(REMOTE_MTA_MAX + 32);
	(void)str_printf(&code, "%d", st->code);
	if (st->reply || by->dsn || by->name.n) {
		(void)str_putc(&code, '/');
		remote_mta_write(st->reply, by, &code);
	}
	bool done = append(l, "%zu %s %" PRId64 " %s %s %s", n, qlog_event_name(event), now,
			   str_cstr(&code), *st->enhanced ? st->enhanced : "-", st->text);
	str_free(&code);
	if (!done)
		return;
	l->rcpts[n - 1].event = event;
	l->rcpts[n - 1].when = now;
	l->rcpts[n - 1].last = *st;
	qlog_keep_remote_mta(l, &l->rcpts[n - 1], by);
}

void qlog_attempt(qlog *l)
{
	int64_t now = clock_now();
	if (!append(l, "0 attempt %" PRId64 " %zu - -", now, l->attempts + 1))
		return;
	l->attempts++;
	l->last_attempt = now;
}

size_t qlog_expand(qlog *l, size_t n, const addr *a)
{
	str text = str_new(LINE_MAX_WORDS / 2);
	addr_write(a, &text);
	bool fits = !text.over && text.n && n && n <= l->count && l->count < ENVELOPE_RCPT_MAX;
	span words = fits ? arena_dup(&l->mem, str_span(&text)) : S("");
	addr kept;
	size_t number = l->count + 1;
	fits = fits && words.p && addr_mailbox(words, &l->mem, &kept) == ADDR_OK;
	if (fits &&
	    append(l, "%zu expand %" PRId64 " %zu - %s", n, clock_now(), number, str_cstr(&text))) {
		qlog_rcpt *r = qlog_add_rcpt(l);
		*r = (qlog_rcpt){.path = l->rcpts[n - 1].path, .parent = n};
		r->path.addr = kept;
	} else {
		l->error = l->error ? l->error : E2BIG;
		number = 0;
	}
	str_free(&text);
	return number;
}

void qlog_bounced(qlog *l, const char *bounce_id)
{
	int64_t now = clock_now();
	if (append(l, "0 bounced %" PRId64 " %s - -", now, bounce_id))
		qlog_apply_bounced(l, now);
}

void qlog_warned(qlog *l, const char *notice_id)
{
	if (append(l, "0 warned %" PRId64 " %s - -", clock_now(), notice_id))
		l->warned = true;
}

void qlog_reported(qlog *l, const char *report_id)
{
	if (append(l, "0 reported %" PRId64 " %s - -", clock_now(), report_id))
		qlog_apply_reported(l);
}

void qlog_released(qlog *l)
{
	(void)append(l, "0 released %" PRId64 " 0 - -", clock_now());
}

bool qlog_sync(qlog *l)
{
	if (l->error) {
		errno = l->error;
		return false;
	}
	if (l->fd < 0)
		return true;
	if (fdatasync(l->fd) < 0) {
		l->error = errno;
		return false;
	}
	if (l->exists)
		return true;
	int dir = file_open_dir(l->dir, "log");
	if (dir < 0 || !file_sync(dir))
		l->error = errno;
	if (dir >= 0)
		(void)close(dir);
	l->exists = l->error == 0;
	errno = l->error;
	return l->exists;
}

bool qlog_finished(const qlog *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->rcpts[i].event != QLOG_DELIVERED && l->rcpts[i].event != QLOG_RELAYED &&
		    l->rcpts[i].event != QLOG_EXPANDED && l->rcpts[i].event != QLOG_BOUNCED)
			return false;
	return true;
}

bool qlog_set_reason(int queue_dir, const char *id, const char *reason)
{
	qlog l = {.fd = -1, .dir = queue_dir};
	char name[QID_LEN + 8];
	str text = str_new(LOG_MAX);
	(void)snprintf(l.id, sizeof l.id, "%s", id);
	name_of(&l, name);
	l.exists = file_read(queue_dir, name, &text);
	l.error = l.exists || errno == ENOENT ? 0 : errno;
	if (l.exists)
		l.good = qlog_replay(&l, str_span(&text));
	(void)append(&l, "0 damaged %" PRId64 " 0 - %s", clock_now(), reason);
	bool done = qlog_sync(&l);
	str_free(&text);
	qlog_close(&l);
	return done;
}

bool qlog_reason(int queue_dir, const char *id, str *to)
{
	char name[QID_LEN + 8];
	str text = str_new(LOG_MAX);
	span words, last = S("");
	(void)snprintf(name, sizeof name, "log/%.24s", id);
	span rest = file_read(queue_dir, name, &text) ? str_span(&text) : S("");
	while (rest.n) {
		span line = span_sub(rest, 0, span_find(rest, '\n') + 1);
		qlog_entry e;
		rest = span_sub(rest, line.n, rest.n);
		if (sumline_take(line, &words) && qlog_split(words, &e) && e.n == 0 &&
		    span_eq(e.event, S("damaged")))
			last = e.words;
	}
	bool found = last.n && str_put(to, last);
	str_free(&text);
	return found;
}
