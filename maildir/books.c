/* How the log lives:
 *
 *     made       the account's next UIDVALIDITY durably taken, the first line written and synced as a file in tmp/,
 *                renamed to pabal.log, the directory synced
 *     appended   under the lock, in one write(2), synced before the lock goes: so at most one batch is ever torn
 *     compacted  a shorter one that says the same, whole and synced, gets the name (compact.c); sessions that have the
 *                old one open see that the name leads elsewhere, and go on with the new one
 *     torn       the last lines do not hold: cut by the next writer. Nobody has heard of them
 *     damaged    a line that does not hold stands before one that does, or the first line does not hold, or it is
 *                shorter than it was: kept beside as pabal.log.damaged, and made anew
 *
 * Who reads without the lock may see lines that are not yet durable, and syncs the log himself before he says
 * anything to a client. */
#include "maildir/books.h"

#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/die.h"
#include "io/file.h"
#include "io/out.h"
#include "maildir/ledger.h"
#include "maildir/piece.h"
#include "maildir/validity.h"

static const char log_name[] = "pabal.log";
enum { TRIES = 16, SAVE_LEAST = 16 * 1024 };

status books_error(const books *b, const char *doing)
{
	return piece_error(errno, doing, b->path);
}

/* ---- the file */

static status make_log(books *b, uint32_t above)
{
	journal_record r = {.kind = JOURNAL_START};
	str line = str_new(JOURNAL_LINE);
	char temp[64];
	if (getrandom(&r.id, sizeof r.id, 0) < 0 || !validity_next(b->path, above, &r.uidvalidity))
		return books_error(b, "number the folder");
	journal_put(&r, &line);
	(void)snprintf(temp, sizeof temp, "tmp/pabal.log.%ld", (long)getpid());
	(void)unlinkat(b->dir, temp, 0);
	int fd = openat(b->dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool done = fd >= 0 && write_all(fd, str_span(&line)) && file_sync(fd);
	/* A link does not replace the log that another session made meanwhile: that is as good. */
	done = done && (linkat(b->dir, temp, b->dir, log_name, 0) == 0 || errno == EEXIST) &&
	       file_sync(b->dir);
	status st = done ? status_ok() : books_error(b, "make pabal.log in");
	if (fd >= 0)
		(void)close(fd);
	(void)unlinkat(b->dir, temp, 0);
	str_free(&line);
	return st;
}

/* Whether the open log is still the one that the name leads to. */
static bool same_file(const books *b)
{
	struct stat mine, there;
	return fstat(b->log, &mine) == 0 && fstatat(b->dir, log_name, &there, 0) == 0 &&
	       mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

static bool open_log(books *b)
{
	if (b->log >= 0)
		(void)close(b->log);
	b->log = openat(b->dir, log_name, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	return b->log >= 0;
}

static bool lock_log(books *b)
{
	while (flock(b->log, LOCK_EX) < 0)
		if (errno != EINTR)
			return false;
	return true;
}

/* Puts a damaged log aside, under its lock, so that one session alone does it. */
static status put_aside(books *b)
{
	if (!lock_log(b))
		return books_error(b, "lock pabal.log in");
	if (same_file(b) &&
	    (renameat(b->dir, log_name, b->dir, "pabal.log.damaged") < 0 || !file_sync(b->dir)))
		return books_error(b, "put pabal.log aside in");
	return status_ok();
}

/* Reads the log from b->at; *bad: it is damaged. Whether it is is only known under its lock. */
static status read_log(books *b, bool *bad)
{
	journal_reading result;
	*bad = false;
	if (!journal_read(b->log, b->at, ledger_apply, &b->is, &result))
		return books_error(b, "read pabal.log in");
	b->synced = b->synced && result.good <= b->seen;
	b->at = result.good;
	if (b->seen < b->at)
		b->seen = b->at;
	*bad = result.damaged || !b->is.uidvalidity;
	roll_compress(&b->is.roll);
	return status_ok();
}

static void forget(books *b)
{
	ledger_free(&b->is);
	b->is.uidnext = 1;
	b->is.modseq = 1;
	b->at = b->seen = b->snapshot = 0;
	b->synced = true; /* what an index is made of was durable */
}

/* Damage that is seen without the lock may be a batch that is being written. */
static status surely_bad(books *b, off_t least, bool *bad)
{
	forget(b);
	if (!lock_log(b))
		return books_error(b, "lock pabal.log in");
	status st = read_log(b, bad);
	*bad = *bad || b->at < least;
	(void)flock(b->log, LOCK_UN);
	return st;
}

/* *least: so long the log was, and durable, when its index was made. */
static status read_all(books *b, bool *bad, off_t *least)
{
	uint64_t id = 0;
	off_t at = 0, durable = 0;
	forget(b);
	if (snapshot_load(b->dir, b->log, &b->is, &at, &durable, &id))
		b->at = b->seen = b->snapshot = at;
	else
		forget(b);
	status st = read_log(b, bad);
	bool same = id && id == b->is.id;
	b->synced = same && b->at <= durable;
	*least = same ? at : 0;
	*bad = *bad || b->at < *least;
	return st;
}

static status load(books *b, bool *bad)
{
	off_t least;
	status st = read_all(b, bad, &least);
	return status_is_ok(&st) && *bad ? surely_bad(b, least, bad) : st;
}

static status open_or_make(books *b)
{
	uint32_t above = 0;
	for (int i = 0; i < TRIES; i++) {
		bool bad;
		if (!open_log(b) && errno != ENOENT)
			return books_error(b, "open pabal.log in");
		if (b->log < 0) {
			status st = make_log(b, above);
			if (!status_is_ok(&st))
				return st;
			continue;
		}
		status st = load(b, &bad);
		if (!status_is_ok(&st) || !bad)
			return st;
		above = b->is.uidvalidity > above ? b->is.uidvalidity : above;
		ledger_free(&b->old);
		b->old = b->is;
		b->is = (ledger){.roll.names = S("")};
		st = put_aside(b);
		if (!status_is_ok(&st))
			return st;
	}
	return status_doubt("pabal.log in %s is damaged again and again", b->path);
}

static status sync_seen(books *b)
{
	if (b->synced)
		return status_ok();
	if (fdatasync(b->log) < 0)
		return books_error(b, "sync pabal.log in");
	b->synced = true;
	snapshot_durable(b->dir, b->is.id, b->seen);
	return status_ok();
}

status books_open(books *b, const char *dir)
{
	*b = (books){.dir = -1, .log = -1, .part = {-1, -1}, .path = xstrdup(dir)};
	b->batch = str_new(BOOKS_BATCH);
	b->is.roll.names = b->old.roll.names = S("");
	b->dir = file_open_dir(AT_FDCWD, dir);
	b->part[IN_NEW] = b->dir < 0 ? -1 : file_open_dir(b->dir, "new");
	b->part[IN_CUR] = b->part[IN_NEW] < 0 ? -1 : file_open_dir(b->dir, "cur");
	if (b->part[IN_CUR] < 0)
		return books_error(b, "open the folder");
	status st = open_or_make(b);
	return status_is_ok(&st) ? sync_seen(b) : st;
}

void books_close(books *b)
{
	const int fds[] = {b->part[IN_NEW], b->part[IN_CUR], b->log, b->dir};
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	ledger_free(&b->is);
	ledger_free(&b->old);
	str_free(&b->batch);
	free(b->path);
}

/* ---- another file under the name */

static status anew(void)
{
	return status_make(EX_UNAVAILABLE, 0, "", "the folder was numbered anew");
}

/* A shorter log of the same messages (compact.c) is taken; the view stays until books_catch_up(). */
static status switch_log(books *b)
{
	journal_record first;
	int old = b->log;
	b->log = -1;
	if (!open_log(b) || !journal_first(b->log, &first) ||
	    first.uidvalidity != b->is.uidvalidity) {
		if (b->log >= 0)
			(void)close(b->log);
		b->log = old;
		return anew();
	}
	(void)close(old);
	b->is.id = first.id;
	b->at = b->seen = b->snapshot = b->weighed = 0;
	b->synced = false;
	b->other = true;
	b->switches++;
	return status_ok();
}

/* What this session alone knows goes on. */
static void carry_recent(roll *to, const roll *from)
{
	bool exact;
	for (size_t i = 0; i < from->n; i++) {
		size_t k = from->v[i].flags & FOLDER_RECENT ? roll_find(to, from->v[i].uid, &exact)
							    : to->n;
		if (k < to->n && exact) {
			to->v[k].flags |= FOLDER_RECENT;
			to->tally.known = false;
		}
	}
}

static status take_other(books *b)
{
	ledger old = b->is;
	const off_t seen = b->seen;
	off_t least;
	bool bad;
	b->is = (ledger){.roll.names = S("")};
	status st = read_all(b, &bad, &least);
	if (status_is_ok(&st) && (bad || b->is.uidvalidity != old.uidvalidity))
		st = anew();
	if (!status_is_ok(&st)) {
		ledger_free(&b->is);
		b->is = old;
		b->at = b->snapshot = 0;
		b->seen = seen;
		return st;
	}
	carry_recent(&b->is.roll, &old.roll);
	ledger_free(&old);
	b->other = false;
	return sync_seen(b);
}

status books_catch_up(books *b)
{
	struct stat st;
	bool bad;
	status result = same_file(b) ? status_ok() : switch_log(b);
	if (!status_is_ok(&result))
		return result;
	if (b->other)
		return take_other(b);
	if (fstat(b->log, &st) < 0)
		return books_error(b, "read pabal.log in");
	if (st.st_size < b->at)
		return anew();
	if (st.st_size == b->at)
		return status_ok();
	result = read_log(b, &bad);
	return status_is_ok(&result) ? sync_seen(b) : result;
}

/* Under the lock: the numbers of the whole log, and no torn tail. */
static status count_rest(books *b)
{
	journal_reading result;
	struct stat st;
	if (fstat(b->log, &st) < 0 || st.st_size < b->seen)
		return anew();
	if (st.st_size == b->seen)
		return status_ok();
	if (!journal_read(b->log, b->seen, ledger_count, &b->is, &result))
		return books_error(b, "read pabal.log in");
	if (result.damaged) {
		status moved = put_aside(b);
		return status_is_ok(&moved)
			   ? status_make(EX_UNAVAILABLE, 0, "", "pabal.log is damaged")
			   : moved;
	}
	b->seen = result.good;
	b->synced = false;
	if (result.torn && ftruncate(b->log, result.good) < 0)
		return books_error(b, "cut pabal.log in");
	return status_ok();
}

/* The lock of the file that has the name. */
static status lock_same(books *b)
{
	for (int i = 0; i < TRIES; i++) {
		if (!lock_log(b))
			return books_error(b, "lock pabal.log in");
		b->locked = true;
		if (same_file(b))
			return status_ok();
		b->locked = false;
		status st = switch_log(b); /* closes the other one, and so unlocks it */
		if (!status_is_ok(&st)) {
			(void)flock(b->log, LOCK_UN);
			return st;
		}
	}
	return status_doubt("pabal.log in %s is another one again and again", b->path);
}

status books_lock(books *b)
{
	status st = lock_same(b);
	if (!status_is_ok(&st))
		return st;
	str_clear(&b->batch);
	st = count_rest(b);
	if (!status_is_ok(&st))
		books_unlock(b);
	return st;
}

void books_unlock(books *b)
{
	if (b->locked)
		(void)flock(b->log, LOCK_UN);
	b->locked = false;
}

void books_put(books *b, const journal_record *r)
{
	journal_put(r, &b->batch);
	ledger_count(&b->is, r);
}

status books_commit(books *b)
{
	if (!b->batch.n && !b->batch.over)
		return status_ok();
	if (b->batch.over) {
		errno = EFBIG;
		return books_error(b, "append to pabal.log in");
	}
	/* COMMIT: what was said of messages in the log is so after a crash. */
	if (!write_all(b->log, str_span(&b->batch)) || fdatasync(b->log) < 0) {
		status st = books_error(b, "append to pabal.log in");
		(void)!ftruncate(b->log, b->seen);
		return st;
	}
	b->seen += (off_t)b->batch.n;
	b->synced = true;
	snapshot_durable(b->dir, b->is.id, b->seen);
	str_clear(&b->batch);
	return status_ok();
}

void books_save(books *b)
{
	off_t behind = b->at - b->snapshot;
	if (b->other || behind < SAVE_LEAST + b->at / 64)
		return;
	snapshot_write(b->dir, b->log, &b->is, b->at);
	b->snapshot = b->at;
}
