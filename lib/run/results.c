#include "run/results.h"

#include <sys/file.h>
#include <sys/stat.h>

#include "base/die.h"
#include "io/file.h"
#include "io/log.h"

enum { OTHER_MAX = 16 << 20, READ_SIZE = 65536 };

/* A file of another run: its final lines, as text. */
struct results_other {
	dev_t dev;
	ino_t ino;
	off_t at;  /* read so far, always behind an LF */
	str lines; /* final lines only */
};

void results_path(unsigned slot, char path[static 16])
{
	(void)snprintf(path, 16, "log/run.%02u", slot % 100);
}

void results_open(results *r, int queue_dir)
{
	*r = (results){.queue_dir = queue_dir};
	r->others = xcalloc(RESULTS_SLOTS, sizeof *r->others);
	for (unsigned i = 0; i < RESULTS_SLOTS; i++)
		r->others[i].lines = str_new(OTHER_MAX);
}

/* The name is ours only if it still leads to the file whose lock we hold. */
static bool holds_name(int dir, const char *path, int fd)
{
	struct stat a, b;
	return fstat(fd, &a) == 0 && fstatat(dir, path, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static void forget(const results *r, result_file *f, bool unlink_it)
{
	char path[16];
	results_path(f->slot, path);
	if (unlink_it && !r->keep)
		(void)unlinkat(r->queue_dir, path, 0);
	(void)close(f->fd);
	free(f);
}

void results_close(results *r)
{
	while (r->files) {
		result_file *f = r->files;
		r->files = f->next;
		forget(r, f, f->workers == 0);
	}
	for (unsigned i = 0; r->others && i < RESULTS_SLOTS; i++)
		str_free(&r->others[i].lines);
	free(r->others);
	r->others = NULL;
}

/* A new file in this slot; -1 where somebody has it. Files of dead runs are left to results_bury().
 */
static int take_slot(const results *r, unsigned slot)
{
	char path[16];
	results_path(slot, path);
	int fd = openat(r->queue_dir, path,
			O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && holds_name(r->queue_dir, path, fd))
		return fd;
	(void)close(fd);
	errno = EEXIST;
	return -1;
}

result_file *results_current(results *r)
{
	if (r->files && r->files->at < RESULTS_ROTATE)
		return r->files;
	for (unsigned slot = 0; slot < RESULTS_SLOTS; slot++) {
		int fd = take_slot(r, slot);
		if (fd < 0 && errno != EEXIST)
			return NULL;
		if (fd < 0)
			continue;
		result_file *old = r->files, *f = xcalloc(1, sizeof *f);
		*f = (result_file){.next = old, .fd = fd, .slot = slot};
		r->files = f;
		if (old && old->workers == 0) {
			f->next = old->next;
			forget(r, old, true);
		}
		return f;
	}
	if (r->files)
		return r->files;
	errno = EBUSY;
	return NULL;
}

/* Calls back for each whole line from *at on. */
static void each_line(int fd, off_t *at, results_each *each, void *arg)
{
	char *buf = xmalloc(READ_SIZE);
	for (;;) {
		ssize_t n = file_pread(fd, buf, READ_SIZE, *at);
		span rest = span_of(buf, n > 0 ? (size_t)n : 0);
		size_t whole = span_rfind(rest, '\n');
		if (rest.n == 0 || (whole == rest.n && rest.n < READ_SIZE))
			break;
		rest.n =
		    whole < rest.n ? whole + 1 : rest.n; /* no LF in all of it: not ours, skipped */
		*at += (off_t)rest.n;
		while (rest.n) {
			size_t end = span_find(rest, '\n');
			span line = span_sub(rest, 0, end + 1);
			job_result one;
			rest = span_sub(rest, end + 1, rest.n);
			if (job_result_parse(line, &one))
				each(arg, &one);
		}
	}
	free(buf);
}

void results_read(results *r, results_each *each, void *arg)
{
	for (result_file *f = r->files; f; f = f->next)
		each_line(f->fd, &f->at, each, arg);
}

void results_release(results *r, result_file *f)
{
	if (--f->workers > 0 || f == r->files)
		return;
	for (result_file **at = &r->files; *at; at = &(*at)->next)
		if (*at == f) {
			*at = f->next;
			forget(r, f, true);
			return;
		}
}

static bool is_final(const status *st)
{
	return status_is_ok(st) || status_is_permanent(st);
}

static void keep_final(void *arg, const job_result *one)
{
	struct results_other *o = arg;
	if (is_final(&one->st))
		job_result_write(one, &o->lines);
}

static bool is_own(const results *r, unsigned slot)
{
	for (const result_file *f = r->files; f; f = f->next)
		if (f->slot == slot)
			return true;
	return false;
}

static void refresh_slot(results *r, unsigned slot, int fd)
{
	struct results_other *o = &r->others[slot];
	struct stat st;
	if (fstat(fd, &st) < 0)
		return;
	if (st.st_ino != o->ino || st.st_dev != o->dev) {
		str_clear(&o->lines);
		o->ino = st.st_ino;
		o->dev = st.st_dev;
		o->at = 0;
	}
	if (st.st_size > o->at)
		each_line(fd, &o->at, keep_final, o);
}

void results_refresh(results *r)
{
	for (unsigned slot = 0; slot < RESULTS_SLOTS; slot++) {
		char path[16];
		if (is_own(r, slot))
			continue;
		results_path(slot, path);
		int fd = file_open_read(r->queue_dir, path);
		if (fd < 0)
			continue;
		refresh_slot(r, slot, fd);
		(void)close(fd);
	}
}

/* Lines of this message only are taken apart: the others are passed over by memmem(3). */
static bool find_in(span text, span id, size_t n, job_result *to)
{
	bool found = false;
	const char *hit;
	while (text.n && (hit = memmem(text.p, text.n, id.p, id.n))) {
		span before = span_of(text.p, (size_t)(hit - text.p));
		size_t start = span_rfind(before, '\n');
		start = start < before.n ? start + 1 : 0;
		size_t end = before.n + span_find(span_sub(text, before.n, text.n), '\n') + 1;
		job_result one;
		if (job_result_parse(span_sub(text, start, end), &one) && one.n == n &&
		    span_eq(one.id, id)) {
			*to = one;
			found = true;
		}
		text = span_sub(text, end, text.n);
	}
	return found;
}

bool results_find(const results *r, span id, size_t n, job_result *one)
{
	bool found = false;
	for (unsigned slot = 0; slot < RESULTS_SLOTS; slot++)
		if (find_in(str_span(&r->others[slot].lines), id, n, one))
			found = true;
	return found;
}

void results_merge(const results *r, qlog *log)
{
	job_result one;
	for (size_t n = 1; n <= log->count; n++) {
		enum qlog_event e = log->rcpts[n - 1].event;
		if ((e != QLOG_NONE && e != QLOG_DEFERRED) ||
		    !results_find(r, span_str(log->id), n, &one))
			continue;
		e = !status_is_ok(&one.st) ? QLOG_FAILED
		    : one.st.reply	   ? QLOG_RELAYED
					   : QLOG_DELIVERED;
		qlog_record(log, n, e, &one.st, &one.by);
		log_line l;
		log_begin(&l, "merged");
		log_puts(&l, "id", log->id);
		log_putn(&l, "n", (int64_t)n);
		log_status(&l, &one.st);
		log_end(&l);
	}
}

typedef struct burial {
	results_each *each;
	void *arg;
} burial;

static void bury_line(void *arg, const job_result *one)
{
	burial *b = arg;
	if (is_final(&one->st))
		b->each(b->arg, one);
}

void results_bury(results *r, results_each *each, results_merged *merged, void *arg)
{
	for (unsigned slot = 0; slot < RESULTS_SLOTS; slot++) {
		char path[16];
		off_t at = 0;
		burial b = {each, arg};
		if (is_own(r, slot))
			continue;
		results_path(slot, path);
		int fd = file_open_read(r->queue_dir, path);
		if (fd < 0)
			continue;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && holds_name(r->queue_dir, path, fd)) {
			each_line(fd, &at, bury_line, &b);
			if (merged(arg))
				(void)unlinkat(r->queue_dir, path, 0);
		}
		(void)close(fd);
	}
}
