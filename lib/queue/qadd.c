/* Adding. The steps, in this order, and what a crash after each leaves:
 *
 *     create new/ID, O_EXCL        an empty file
 *     flock                        (nobody claims what is locked; a lock dies with its holder)
 *     write                        a partial file, or a whole one: its first line shows which. A partial one is swept
 *                                  when it is 36 h old; a whole one was never confirmed but is a message all the same:
 *                                  the sender sends again, and that is what "at least once" allows
 *     fsync of the file            the message is durable; on ext4 and XFS under its name
 *     fsync of new/ elsewhere      the message is durable under its name
 *     say yes, unlock, close       -
 *
 * Where the file's sync holds its name (file_orders_names()) that of new/ would be a second wait for the journal, for
 * what others have added meanwhile: a quarter fewer messages a second with 10 connections on ext4. A file that is
 * written elsewhere and renamed to new/ would be no safer, and costs a tenth of the processor's time.
 *
 * IDs are unique. On any error the file is unlinked, the answer is temporary, and a failed fsync is never tried again:
 * the kernel may have marked the lost pages clean.
 *
 * A small message is one write: what is put stays in the buffer, with room for the first line
 * before it. A larger one is written as it comes, and its first line last, in place. */
#include "queue/qadd.h"

#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/file.h"
#include "io/out.h"
#include "io/sum.h"

enum { BUFFER = 65536, ENVELOPE_TEXT_MAX = 20 << 20 };

int qadd_open_queue(void)
{
	return control_open_dir("queue");
}

/* new/ of the queue that was used last: a keeper adds thousands of messages to one. It is found
 * again by device and inode, a descriptor number may be another directory by now. */
static struct {
	int fd;
	dev_t dev;
	ino_t ino;
	uid_t uid; /* the queue's owner */
	gid_t gid;
	bool orders_names;
} at_new = {.fd = -1};

static void forget_new(void)
{
	if (at_new.fd >= 0)
		(void)close(at_new.fd);
	at_new.fd = -1;
}

static bool find_new(int queue_dir)
{
	struct stat st;
	if (fstat(queue_dir, &st) < 0)
		return false;
	if (at_new.fd >= 0 && at_new.dev == st.st_dev && at_new.ino == st.st_ino)
		return true;
	forget_new();
	at_new.dev = st.st_dev;
	at_new.ino = st.st_ino;
	at_new.uid = st.st_uid;
	at_new.gid = st.st_gid;
	at_new.fd = file_open_dir(queue_dir, "new");
	if (at_new.fd < 0)
		return false;
	at_new.orders_names = file_orders_names(at_new.fd);
	return true;
}

/* Unlinks what is there and ends the qadd. */
static void give_up(qadd *q)
{
	if (q->fd < 0)
		return;
	(void)unlinkat(q->at, q->name, 0);
	(void)close(q->fd);
	q->fd = -1;
	free(q->buf);
	q->buf = NULL;
}

static bool fail(qadd *q)
{
	int saved = errno;
	give_up(q);
	errno = saved;
	return false;
}

static void put(qadd *q, span s)
{
	if (q->error)
		return;
	q->sum = sum_crc32(q->sum, s);
	q->length += s.n;
	if (s.n > BUFFER - q->buffered) {
		if (!write_all(q->fd, span_of(q->buf, q->buffered)))
			q->error = errno;
		q->flushed = true;
		q->buffered = 0;
	}
	if (q->error)
		return;
	if (s.n >= BUFFER) {
		if (!write_all(q->fd, s))
			q->error = errno;
	} else if (s.n) {
		memcpy(q->buf + q->buffered, s.p, s.n);
		q->buffered += s.n;
	}
}

static bool put_envelope(qadd *q, const envelope *env)
{
	static str text;
	text.max = ENVELOPE_TEXT_MAX;
	str_clear(&text);
	envelope_write(env, &text);
	if (text.over) {
		errno = E2BIG;
		return false;
	}
	put(q, str_span(&text));
	errno = q->error;
	return q->error == 0;
}

static bool begin(qadd *q, const char *id, const envelope *env, mode_t mode)
{
	if (id)
		memcpy(q->id, id, QID_LEN + 1);
	else
		qid_make(q->id);
	(void)snprintf(q->name, sizeof q->name, "%s%s", q->drop ? "drop/" : "", q->id);
	q->fd = openat(q->at, q->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (q->fd < 0)
		return false;
	q->buf = xmalloc(BUFFER);
	memset(q->buf, 0, QMSG_LINE);
	q->buffered = QMSG_LINE;
	/* A runner that came in between has it for the moment in which it sees that nothing is in it. */
	if (flock(q->fd, LOCK_EX) < 0 || !put_envelope(q, env))
		return fail(q);
	return true;
}

bool qadd_begin(qadd *q, int queue_dir, const char *id, const envelope *env, uint64_t max)
{
	*q = (qadd){.fd = -1, .max = max};
	if (!find_new(queue_dir))
		return false;
	q->at = at_new.fd;
	if (!begin(q, id, env, 0600)) {
		if (errno == ENOENT) /* made anew under a running process? */
			forget_new();
		return false;
	}
	/* root adds for the runner, which is the queue's owner. */
	if (at_new.uid != 0 && geteuid() == 0 && fchown(q->fd, at_new.uid, at_new.gid) < 0)
		return fail(q);
	return true;
}

bool qadd_begin_drop(qadd *q, int queue_dir, const char *id, const envelope *env, uint64_t max)
{
	*q = (qadd){.at = queue_dir, .fd = -1, .max = max, .drop = true};
	if (!begin(q, id, env, 0640))
		return false;
	/* Whatever the umask: the runner reads it as the directory's group. */
	return fchmod(q->fd, 0640) == 0 || fail(q);
}

void qadd_put(qadd *q, span octets)
{
	q->size += octets.n;
	if (q->size > q->max && !q->error)
		q->error = EFBIG;
	put(q, octets);
}

/* The first line, in the buffer where all of it is still there, else in place. */
static bool write_rest(qadd *q)
{
	char line[QMSG_LINE];
	if (q->error) {
		errno = q->error;
		return false;
	}
	qmsg_first_line(line, q->length, q->sum, q->id, clock_now());
	if (!q->flushed)
		memcpy(q->buf, line, QMSG_LINE);
	if (!write_all(q->fd, span_of(q->buf, q->buffered)))
		return false;
	return !q->flushed || pwrite(q->fd, line, QMSG_LINE, 0) == QMSG_LINE;
}

/* COMMIT: the file and its name. Not before both may anybody be told yes. */
static bool sync_new(qadd *q)
{
	return file_sync(q->fd) && (at_new.orders_names || file_sync(at_new.fd));
}

/* Who may not list drop/ cannot open and sync it; then the whole file system is synced. */
static bool sync_drop(qadd *q)
{
	if (!file_sync(q->fd))
		return false;
	int dir = file_open_dir(q->at, "drop");
	bool done = dir >= 0 ? file_sync(dir) : syncfs(q->fd) == 0;
	if (dir >= 0)
		(void)close(dir);
	return done;
}

status qadd_status(int error, bool too_big)
{
	if (too_big)
		return status_make(EX_DATAERR, 552, "5.3.4", "message is larger than allowed here");
	if (error == ENOSPC || error == EDQUOT || error == EFBIG)
		return status_make(EX_TEMPFAIL, 452, "4.3.1", "queue: %s", strerror(error));
	return status_doubt("queue: %s", strerror(error));
}

status qadd_commit(qadd *q)
{
	bool too_big = q->size > q->max;
	if (too_big)
		q->error = EFBIG;
	if (!write_rest(q) || !(q->drop ? sync_drop(q) : sync_new(q))) {
		int error = errno;
		give_up(q);
		return qadd_status(error, too_big);
	}
	/* Unlocked before it is closed: the kernel tells the waiting runner of the close before it
	 * would drop the lock itself. */
	(void)flock(q->fd, LOCK_UN);
	(void)close(q->fd);
	q->fd = -1;
	free(q->buf);
	q->buf = NULL;
	return status_make(EX_OK, 250, "2.0.0", "queued %s", q->id);
}

void qadd_abort(qadd *q)
{
	give_up(q);
}

status qadd_message(int queue_dir, const char *id, const envelope *env, span trace, span message,
		    char id_out[static QID_LEN + 1])
{
	qadd q;
	if (!qadd_begin(&q, queue_dir, id, env, UINT64_MAX))
		return qadd_status(errno, false);
	qadd_put(&q, trace);
	qadd_put(&q, message);
	memcpy(id_out, q.id, QID_LEN + 1);
	return qadd_commit(&q);
}
