/* Copying drop/ in. The files belong to their writers, who may change or unlink them at any time; so all of
 * a file is read once, what is checked is what was copied, and the sum decides at the end.
 *
 *     drop/ID   new/ID      a pass over drop/
 *     partial   -           leaves it (its writer is at work, or died); after 36 h it is unlinked
 *     whole     -           copies it
 *     whole     partial     unlinks new/ID (a copy that was never confirmed), copies it again
 *     whole     whole       syncs new/ID, unlinks drop/ID
 *
 * No crash doubles a message, because a message leaves new/ only after its drop/ID is durably gone
 * (queue/qmove.c). Two passes at once are kept apart by the lock on the drop file; the name is looked at again
 * after new/ID was not found, since another runner may have copied, delivered and removed all of it
 * between our open and our lock.
 *
 * Who it is from: the file's owner. root, the queue's owner and the users in control/trusted may name any
 * sender, all others only themselves at control/me, or nobody (<>), which claims nothing. */
#include "queue/drop.h"

#include <dirent.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/file.h"
#include "io/sum.h"
#include "mail/date.h"
#include "mail/trace.h"
#include "queue/room.h"
#include "queue/scan.h"

enum { HEAD_ROOM = 1 << 20, MEM_MAX = 8 << 20, CHUNK = 65536 };

bool drop_begin(qadd *q, const envelope *env, uint64_t max)
{
	char id[QID_LEN + 1], *path;
	if (asprintf(&path, "%s/queue", control_root()) < 0)
		die(EX_TEMPFAIL, "out of memory");
	int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(path);
	drop_id_make(id, geteuid());
	if (dir >= 0 && qadd_begin_drop(q, dir, id, env, max))
		return true;
	int saved = errno;
	if (dir >= 0)
		(void)close(dir);
	errno = saved;
	return false;
}

status drop_commit(qadd *q)
{
	int dir = q->at;
	status st = qadd_commit(q);
	(void)close(dir);
	return st;
}

typedef struct pass {
	int queue_dir, drop_dir;
	uint64_t max;
	int64_t now;
	bool ready; /* me and trusted were read */
	span me;
	span *trusted;
	size_t trusted_count;
	uid_t owner; /* the queue's */
	room_floor floor;
	arena mem;
} pass;

/* One file. */
typedef struct dropped {
	int fd;
	const char *id;
	struct stat st;
	qmsg_head head;
	char *buf; /* the front of what is behind the first line */
	size_t n;
	size_t used; /* octets of it that are envelope */
	arena mem;
	envelope env;
} dropped;

static bool same_file(const pass *p, const dropped *d)
{
	struct stat st;
	return fstatat(p->drop_dir, d->id, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == d->st.st_dev && st.st_ino == d->st.st_ino;
}

/* Owner, links and type; the lock; the first line. */
static enum drop_result inspect(const pass *p, dropped *d, status *why)
{
	char line[QMSG_LINE];
	uid_t uid;
	d->fd = file_open_read(p->drop_dir, d->id);
	if (d->fd < 0 || fstat(d->fd, &d->st) < 0) {
		if (errno == ENOENT)
			return DROP_WAITS;
		*why = status_make(EX_NOPERM, 0, "5.7.0", "drop file: %s", strerror(errno));
		return DROP_REFUSED;
	}
	if (d->st.st_nlink != 1 || !drop_id_owner(span_str(d->id), &uid) || uid != d->st.st_uid) {
		*why = status_make(EX_NOPERM, 0, "5.7.0",
				   "drop file is a link or not its owner's (uid %u)",
				   (unsigned)d->st.st_uid);
		return DROP_REFUSED;
	}
	if (flock(d->fd, LOCK_EX | LOCK_NB) < 0)
		return DROP_WAITS;
	if (file_pread(d->fd, line, QMSG_LINE, 0) != QMSG_LINE ||
	    !qmsg_head_parse(span_of(line, QMSG_LINE), &d->head))
		return DROP_WAITS; /* not complete */
	if (strcmp(d->head.id, d->id) != 0 || d->head.length > p->max + HEAD_ROOM) {
		*why = status_make(EX_DATAERR, 552, "5.3.4",
				   "drop file has another ID or is too large");
		return DROP_REFUSED;
	}
	return DROP_QUEUED;
}

/* DROP_QUEUED: not there, copy it. */
static enum drop_result look_for_copy(const pass *p, const dropped *d, status *why)
{
	char name[QID_LEN + 8];
	qmsg m;
	(void)snprintf(name, sizeof name, "new/%s", d->id);
	enum qmsg_result r = qmsg_read(p->queue_dir, name, &m);
	if (r == QMSG_BUSY)
		return same_file(p, d) ? DROP_QUEUED : DROP_WAITS;
	if (r == QMSG_PARTIAL)
		return unlinkat(p->queue_dir, name, 0) == 0 ? DROP_QUEUED : DROP_WAITS;
	*why = status_doubt("%s: %s", name, r == QMSG_ERROR ? strerror(errno) : "damaged");
	if (r != QMSG_OK)
		return DROP_WAITS;
	int dir = file_open_dir(p->queue_dir, "new");
	bool durable = dir >= 0 && file_sync(m.fd) && file_sync(dir);
	if (dir >= 0)
		(void)close(dir);
	qmsg_close(&m);
	return durable ? DROP_AGAIN : DROP_WAITS;
}

static bool read_envelope(dropped *d)
{
	size_t line;
	d->n = d->head.length < HEAD_ROOM ? (size_t)d->head.length : HEAD_ROOM;
	d->buf = xmalloc(d->n);
	ssize_t n = file_pread(d->fd, d->buf, d->n, QMSG_LINE);
	d->mem = arena_new(MEM_MAX);
	return n == (ssize_t)d->n && envelope_parse(span_of(d->buf, d->n), &d->mem, &d->env,
						    &d->used, &line) == ENVELOPE_OK;
}

static bool is_trusted(const pass *p, uid_t uid, const char *user)
{
	if (uid == 0 || uid == p->owner || uid == geteuid())
		return true;
	for (size_t i = 0; user && i < p->trusted_count; i++)
		if (span_eq(p->trusted[i], span_str(user)))
			return true;
	return false;
}

/* The envelope as the owner may have it. */
static void judge_sender(const pass *p, dropped *d)
{
	struct passwd entry, *found = NULL;
	char buf[4096], number[24];
	addr *from = &d->env.sender.addr;
	(void)getpwuid_r(d->st.st_uid, &entry, buf, sizeof buf, &found);
	d->env.xforward = S("");
	if (is_trusted(p, d->st.st_uid, found ? found->pw_name : NULL) || from->null)
		return;
	(void)snprintf(number, sizeof number, "uid-%u", (unsigned)d->st.st_uid);
	span user = span_str(found ? found->pw_name : number);
	if (span_eq(from->local, user) && span_eqi(from->domain, p->me))
		return;
	*from = (addr){.local = arena_dup(&d->mem, user), .domain = p->me};
	d->env.sender.param_count = 0;
}

static void put_trace(const pass *p, const dropped *d, qadd *q)
{
	str text = str_new(TRACE_MAX);
	trace t = {.me = p->me,
		   .proto = S("local"),
		   .id = span_str(d->id),
		   .rcpt = d->env.rcpt_count == 1 ? &d->env.rcpts[0].addr : NULL,
		   .epoch = p->now,
		   .zone = date_local_zone(p->now)};
	trace_received(&t, &text);
	qadd_put(q, str_span(&text));
	str_free(&text);
}

/* The message itself; false where it is not what its first line says, or holds a CR. */
static bool put_message(const dropped *d, qadd *q)
{
	span head = span_of(d->buf, d->n), part = span_sub(head, d->used, d->n);
	uint32_t sum = sum_crc32(0, head);
	uint64_t left = d->head.length - d->n;
	off_t at = QMSG_LINE + (off_t)d->n;
	bool clean = span_find(part, '\r') == part.n;
	char *buf = xmalloc(CHUNK);
	qadd_put(q, part);
	while (left && clean) {
		size_t want = left < CHUNK ? (size_t)left : CHUNK;
		if (file_pread(d->fd, buf, want, at) != (ssize_t)want)
			break;
		part = span_of(buf, want);
		sum = sum_crc32(sum, part);
		clean = span_find(part, '\r') == part.n;
		qadd_put(q, part);
		at += (off_t)want;
		left -= want;
	}
	free(buf);
	return clean && left == 0 && sum == d->head.sum;
}

static enum drop_result copy_in(const pass *p, dropped *d, status *why)
{
	qadd q;
	if (!read_envelope(d)) {
		*why = status_make(EX_DATAERR, 0, "5.6.0", "drop file has no envelope");
		return DROP_REFUSED;
	}
	*why = room_check(&p->floor, p->queue_dir, d->head.length);
	if (!status_is_ok(why))
		return DROP_WAITS;
	judge_sender(p, d);
	if (!qadd_begin(&q, p->queue_dir, d->id, &d->env, UINT64_MAX)) {
		*why = qadd_status(errno, false);
		return DROP_WAITS;
	}
	put_trace(p, d, &q);
	if (!put_message(d, &q)) {
		qadd_abort(&q);
		*why = status_make(EX_DATAERR, 0, "5.6.0", "drop file is damaged or holds a CR");
		return DROP_REFUSED;
	}
	*why = qadd_commit(&q);
	return status_is_ok(why) ? DROP_QUEUED : DROP_WAITS;
}

/* control/me and control/trusted, once there is something to copy. */
static bool get_ready(pass *p, status *why)
{
	struct stat st;
	if (p->ready)
		return true;
	if (control_value("me", &p->mem, &p->me) != CONTROL_OK) {
		*why = status_doubt("%s/control/me: missing or unreadable", control_root());
		return false;
	}
	if (control_list("trusted", &p->mem, &p->trusted, &p->trusted_count) == CONTROL_ERROR ||
	    fstat(p->queue_dir, &st) < 0) {
		*why = status_doubt("%s/control/trusted: %s", control_root(), strerror(errno));
		return false;
	}
	const char *name;
	if (!room_read(&p->floor, &name)) {
		*why = status_doubt("%s/control/%s: %s", control_root(), name, strerror(errno));
		return false;
	}
	p->owner = st.st_uid;
	return p->ready = true;
}

static enum drop_result take_one(pass *p, dropped *d, status *why)
{
	enum drop_result r = inspect(p, d, why);
	if (r == DROP_QUEUED)
		r = look_for_copy(p, d, why);
	if (r == DROP_QUEUED)
		r = get_ready(p, why) ? copy_in(p, d, why) : DROP_WAITS;
	if (r == DROP_QUEUED || r == DROP_AGAIN)
		(void)unlinkat(p->drop_dir, d->id, 0);
	return r;
}

static bool sweep_one(const pass *p, const char *name)
{
	struct stat st;
	return fstatat(p->drop_dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode) &&
	       p->now - (int64_t)st.st_ctime > SCAN_SWEEP_AGE &&
	       unlinkat(p->drop_dir, name, 0) == 0;
}

static void visit(pass *p, const char *name, drop_each *each, void *arg)
{
	dropped d = {.fd = -1, .id = name, .buf = NULL};
	status why = {.code = EX_OK};
	enum drop_result r = DROP_WAITS;
	if (qid_valid(span_str(name)))
		r = take_one(p, &d, &why);
	/* What waits for an operator's mistake or for room stays, however old it is. */
	bool broken = r == DROP_REFUSED || (r == DROP_WAITS && why.code == EX_OK);
	if (broken && sweep_one(p, name))
		r = DROP_SWEPT;
	if (r != DROP_WAITS || why.code != EX_OK)
		each(arg, name, d.st.st_uid, r, &why);
	free(d.buf);
	arena_free(&d.mem);
	if (d.fd >= 0)
		(void)close(d.fd);
}

bool drop_pass(int queue_dir, uint64_t max, drop_each *each, void *arg)
{
	const struct dirent *file;
	pass p = {
	    .queue_dir = queue_dir, .max = max, .now = clock_now(), .mem = arena_new(1 << 20)};
	p.drop_dir = file_open_dir(queue_dir, "drop");
	DIR *d = p.drop_dir >= 0 ? fdopendir(p.drop_dir) : NULL;
	if (!d) {
		int saved = errno;
		if (p.drop_dir >= 0)
			(void)close(p.drop_dir);
		errno = saved;
		return false;
	}
	while ((file = readdir(d)))
		if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0)
			visit(&p, file->d_name, each, arg);
	(void)closedir(d);
	arena_free(&p.mem);
	return true;
}
