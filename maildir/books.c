/* How the log lives:
 *
 *     made       the account's next UIDVALIDITY durably taken, the first line written and synced as a file in tmp/,
 *                renamed to pabal.log, the directory synced
 *     appended   under the lock, in one write(2), synced before the lock goes: so at most one batch is ever torn
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
#include "maildir/piece.h"
#include "maildir/validity.h"

static const char log_name[] = "pabal.log";
enum { TRIES = 16, SAVE_LEAST = 16 * 1024 };

status books_error(const books *b, const char *doing)
{
	return piece_error(errno, doing, b->path);
}

/* ---- what a line says */

static void at_least(uint64_t *value, uint64_t to)
{
	if (*value < to)
		*value = to;
}

static void count(ledger *l, const journal_record *r)
{
	uint64_t uidnext = l->uidnext;
	switch (r->kind) {
	case JOURNAL_START:
		l->uidvalidity = r->uidvalidity;
		l->id = r->id;
		return;
	case JOURNAL_MESSAGE:
		at_least(&l->modseq, r->entry.modseq);
		at_least(&uidnext, (uint64_t)r->entry.uid + 1);
		break;
	case JOURNAL_NEXT:
		at_least(&l->modseq, r->entry.modseq);
		at_least(&uidnext, r->entry.uid);
		break;
	case JOURNAL_FLAGS:
		at_least(&l->modseq, r->entry.modseq);
		break;
	case JOURNAL_GONE:
		at_least(&l->modseq, r->gone.modseq);
		break;
	case JOURNAL_KEYWORD:
		ledger_keyword(l, r->bit, r->name);
		break;
	case JOURNAL_SIZES:
	case JOURNAL_STAMPS:
		break;
	}
	l->uidnext = uidnext < UINT32_MAX ? (uint32_t)uidnext : UINT32_MAX;
}

static void count_each(void *arg, const journal_record *r)
{
	count(arg, r);
}

static void apply_flags(roll *l, size_t i, const journal_record *r)
{
	char room[NAME_MAX * 2];
	span base = roll_base(l, &l->v[i]);
	l->v[i].modseq = r->entry.modseq;
	l->v[i].keywords = r->entry.keywords;
	if (!base.n || base.n + r->name.n > NAME_MAX)
		return;
	memcpy(room, base.p, base.n);
	memcpy(room + base.n, r->name.p, r->name.n);
	roll_rename(l, i, span_of(room, base.n + r->name.n), r->is_new);
}

static void apply_gone(roll *l, const roll_gone *g)
{
	bool exact;
	for (size_t i = roll_find(l, g->first, &exact); i < l->n && l->v[i].uid <= g->last; i++)
		roll_expunge(l, i, g->modseq);
}

static void apply(void *arg, const journal_record *r)
{
	ledger *l = arg;
	bool exact;
	size_t i = roll_find(&l->roll, r->entry.uid, &exact);
	count(l, r);
	switch (r->kind) {
	case JOURNAL_MESSAGE:
		(void)roll_add(&l->roll, &r->entry, r->name, r->is_new);
		break;
	case JOURNAL_FLAGS:
		if (exact)
			apply_flags(&l->roll, i, r);
		break;
	case JOURNAL_SIZES:
		if (exact) {
			l->roll.v[i].octets = r->entry.octets;
			l->roll.v[i].wire = r->entry.wire;
			l->roll.v[i].flags =
			    (l->roll.v[i].flags & ~(uint32_t)ROLL_OPEN) | r->entry.flags;
		}
		break;
	case JOURNAL_GONE:
		apply_gone(&l->roll, &r->gone);
		break;
	case JOURNAL_STAMPS:
		memcpy(l->stamps, r->stamps, sizeof l->stamps);
		break;
	case JOURNAL_START:
	case JOURNAL_KEYWORD:
	case JOURNAL_NEXT:
		break;
	}
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
	if (!journal_read(b->log, b->at, apply, &b->is, &result))
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

static status load(books *b, bool *bad)
{
	uint64_t id = 0;
	off_t at = 0, durable = 0;
	forget(b);
	if (snapshot_load(b->dir, b->log, &b->is, &at, &durable, &id))
		b->at = b->seen = b->snapshot = at;
	else
		forget(b);
	status st = read_log(b, bad);
	b->synced = id && id == b->is.id && b->at <= durable;
	/* The index was made of a longer log, which was durable. */
	*bad = *bad || (id && id == b->is.id && b->at < at);
	return status_is_ok(&st) && *bad ? surely_bad(b, id && id == b->is.id ? at : 0, bad) : st;
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
	snapshot_durable(b->dir, b->seen);
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

status books_catch_up(books *b)
{
	struct stat st;
	bool bad;
	if (fstat(b->log, &st) < 0)
		return books_error(b, "read pabal.log in");
	if (!same_file(b) || st.st_size < b->at)
		return status_make(EX_UNAVAILABLE, 0, "", "the folder was numbered anew");
	if (st.st_size == b->at)
		return status_ok();
	status result = read_log(b, &bad);
	return status_is_ok(&result) ? sync_seen(b) : result;
}

/* Under the lock: the numbers of the whole log, and no torn tail. */
static status count_rest(books *b)
{
	journal_reading result;
	struct stat st;
	if (!same_file(b) || fstat(b->log, &st) < 0 || st.st_size < b->seen)
		return status_make(EX_UNAVAILABLE, 0, "", "the folder was numbered anew");
	if (st.st_size == b->seen)
		return status_ok();
	if (!journal_read(b->log, b->seen, count_each, &b->is, &result))
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

status books_lock(books *b)
{
	if (!lock_log(b))
		return books_error(b, "lock pabal.log in");
	b->locked = true;
	str_clear(&b->batch);
	status st = count_rest(b);
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
	count(&b->is, r);
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
	snapshot_durable(b->dir, b->seen);
	str_clear(&b->batch);
	return status_ok();
}

void books_save(books *b)
{
	off_t behind = b->at - b->snapshot;
	if (behind < SAVE_LEAST + b->at / 64)
		return;
	snapshot_write(b->dir, b->log, &b->is, b->at);
	b->snapshot = b->at;
}
