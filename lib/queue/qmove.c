/* Where a claimed message goes next. One rename or unlink each.
 *
 * A message that a local user dropped is in the queue twice for a moment: as drop/ID and as its
 * copy new/ID. The rule that makes this safe: while drop/ID exists, its copy is at new/ID or
 * nowhere. So every step that takes a message out of new/ makes sure first that drop/ID is durably
 * gone; then "new/ID exists" is all that a later pass over drop/ has to ask (queue/drop.c).
 *
 * An operator's hold needs no claim: qmsg_hold_name() renames whatever is there to hold/ID, also what
 * somebody works on. One of two renames of the same name wins, the other finds nothing. Where the hold
 * won, the claim's holder follows the file (follow()): it may still remove it (all recipients have it)
 * or set it aside, but a deferral leaves it in hold/. Workers open the file by its name, so the jobs
 * that they have not begun find nothing and are deferred. Only a claim takes a message out of hold/. */
#include <sys/stat.h>

#include "io/file.h"
#include "queue/drop.h"
#include "queue/qlog.h"
#include "queue/qmsg.h"

static bool sync_dir(int queue_dir, const char *dir)
{
	int fd = file_open_dir(queue_dir, dir);
	bool done = fd >= 0 && file_sync(fd);
	int saved = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = saved;
	return done;
}

static bool settle_drop(int queue_dir, const char *id)
{
	char name[QID_LEN + 8];
	if (!drop_id_owner(span_str(id), NULL))
		return true;
	(void)snprintf(name, sizeof name, "drop/%s", id);
	if (unlinkat(queue_dir, name, 0) < 0 && errno != ENOENT)
		return false;
	/* Also where it is gone already: who unlinked it did not wait for the disk. */
	return sync_dir(queue_dir, "drop");
}

static bool is_held(const qmsg *m)
{
	return strncmp(m->name, "hold/", 5) == 0;
}

/* Whether the name that failed with ENOENT did so because the message is in hold/ now. */
static bool follow(int queue_dir, qmsg *m)
{
	char held[QID_LEN + 8];
	struct stat there, ours;
	if (errno != ENOENT || is_held(m))
		return false;
	(void)snprintf(held, sizeof held, "hold/%s", m->id);
	if (fstatat(queue_dir, held, &there, AT_SYMLINK_NOFOLLOW) < 0 || fstat(m->fd, &ours) < 0)
		return false;
	errno = ENOENT;
	if (there.st_ino != ours.st_ino || there.st_dev != ours.st_dev)
		return false;
	(void)snprintf(m->name, sizeof m->name, "%s", held);
	return true;
}

static bool move_to(int queue_dir, qmsg *m, const char *to)
{
	if (strcmp(m->name, to) == 0)
		return true;
	if (!settle_drop(queue_dir, m->id))
		return false;
	if (renameat(queue_dir, m->name, queue_dir, to) < 0 &&
	    (!follow(queue_dir, m) || renameat(queue_dir, m->name, queue_dir, to) < 0))
		return false;
	(void)snprintf(m->name, sizeof m->name, "%s", to);
	return true;
}

static bool move_into(int queue_dir, qmsg *m, const char *dir)
{
	char to[sizeof m->name];
	(void)snprintf(to, sizeof to, "%s/%s", dir, m->id);
	return move_to(queue_dir, m, to);
}

bool qmsg_defer(int queue_dir, qmsg *m, int64_t when)
{
	char to[sizeof m->name];
	if (when < 0 || when > INT64_C(9999999999)) {
		errno = ERANGE;
		return false;
	}
	if (is_held(m))
		return true; /* tried by ID: only a release takes it out of there */
	(void)snprintf(to, sizeof to, "later/%02X/%010" PRId64 ".%s", (unsigned)(when / 64 % 256),
		       when, m->id);
	if (!settle_drop(queue_dir, m->id))
		return false;
	if (renameat(queue_dir, m->name, queue_dir, to) < 0)
		return follow(queue_dir, m); /* held meanwhile */
	(void)snprintf(m->name, sizeof m->name, "%s", to);
	return true;
}

bool qmsg_hold_name(int queue_dir, const char *name, const char *id)
{
	char to[QID_LEN + 8];
	(void)snprintf(to, sizeof to, "hold/%s", id);
	return strcmp(name, to) == 0 ||
	       (settle_drop(queue_dir, id) && renameat(queue_dir, name, queue_dir, to) == 0);
}

bool qmsg_moved(int queue_dir, const qmsg *m)
{
	return faccessat(queue_dir, m->name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

bool qmsg_hold(int queue_dir, qmsg *m)
{
	return move_into(queue_dir, m, "hold");
}

bool qmsg_release(int queue_dir, qmsg *m)
{
	return move_into(queue_dir, m, "new");
}

bool qmsg_fail(int queue_dir, qmsg *m)
{
	return move_into(queue_dir, m, "failed");
}

bool qmsg_set_aside(int queue_dir, const char *name, const char *reason)
{
	char first[8] = "", to[QID_LEN + 8];
	const char *slash = strrchr(name, '/'), *id = slash ? slash + 1 : name;
	const char *dot = strchr(id, '.');
	if (dot)
		id = dot + 1;
	int fd = file_open_read(queue_dir, name);
	if (fd < 0)
		return errno == ENOENT;
	ssize_t n = file_pread(fd, first, sizeof first, 0);
	(void)close(fd);
	if (n >= 0 && memcmp(first, "PABAL1", 6) != 0)
		return unlinkat(queue_dir, name, 0) == 0 || errno == ENOENT;
	if (!qid_valid(span_str(id)) || !settle_drop(queue_dir, id))
		return false;
	(void)snprintf(to, sizeof to, "failed/%s", id);
	if (renameat(queue_dir, name, queue_dir, to) < 0)
		return errno == ENOENT;
	(void)qlog_set_reason(queue_dir, id, reason); /* best effort: the file is what counts */
	return true;
}

bool qmsg_unlink(int queue_dir, qmsg *m)
{
	return settle_drop(queue_dir, m->id) &&
	       (unlinkat(queue_dir, m->name, 0) == 0 ||
		(follow(queue_dir, m) && unlinkat(queue_dir, m->name, 0) == 0));
}

void qmsg_forget(int queue_dir, const char *id)
{
	char log[QID_LEN + 8];
	(void)snprintf(log, sizeof log, "log/%s", id);
	(void)unlinkat(queue_dir, log, 0);
}

bool qmsg_remove(int queue_dir, qmsg *m)
{
	char log[QID_LEN + 8], dir[sizeof m->name];
	struct stat st;
	if (!qmsg_unlink(queue_dir, m))
		return false;
	(void)snprintf(log, sizeof log, "log/%s", m->id);
	if (fstatat(queue_dir, log, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return true;
	(void)snprintf(dir, sizeof dir, "%s", m->name);
	char *slash = strrchr(dir, '/');
	if (slash)
		*slash = 0;
	/* Until the message is durably gone its log must stay. Where this fails, the sweep takes
	 * it. */
	if (sync_dir(queue_dir, dir))
		qmsg_forget(queue_dir, m->id);
	return true;
}
