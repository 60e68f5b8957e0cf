/* A log of which most lines are overtaken is written anew: what it says, once. In this order, under its lock:
 *
 *     read the whole log (not the index, which is only as good as memory) · write tmp/pabal.log.PID, locked, and sync it ·
 *     rename it to pabal.log · sync the directory · unlock both
 *
 * So nobody appends to the new one before its name is durable. A crash leaves the old one or the new one. Sessions that have
 * the old one open, and readers take no lock, go on when they see another file under the name; by its UIDVALIDITY they know
 * that it is the same folder. Its ID is another, so that no index of the old one is taken for one of the new one. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "io/file.h"
#include "io/out.h"
#include "maildir/books.h"
#include "maildir/ledger.h"

enum {
	LEAST = 64 * 1024, /* octets; a shorter log stays as it is */
	TIMES = 4,	   /* and one that is not so many times as long as it needs to be */
	MESSAGE = 80,	   /* octets of a line but its name, about */
	GONE = 40,
	GONE_KEPT =
	    1024, /* expunged ranges that stay as they are, with their mod-sequences: the last ones */
};

static off_t size_needed(const ledger *l)
{
	size_t gone = l->roll.gone_n, most = l->roll.n + 1 + GONE_KEPT;
	off_t n = (off_t)(gone < most ? gone : most) * GONE;
	for (size_t i = 0; i < l->roll.n; i++)
		n += l->roll.v[i].name_n + MESSAGE;
	return n;
}

static bool due(books *b)
{
	if (b->other || b->at < LEAST || b->at - b->weighed < b->at / 8)
		return false;
	b->weighed = b->at;
	if (b->at <= (off_t)TIMES * MESSAGE * (off_t)b->is.roll.n) /* without a look at each */
		return false;
	return b->at > TIMES * size_needed(&b->is);
}

/* ---- expunged ranges */

static int by_first(const void *a, const void *b)
{
	const roll_gone *x = a, *y = b;
	return x->first != y->first ? (x->first < y->first ? -1 : 1) : 0;
}

static int by_modseq(const void *a, const void *b)
{
	const roll_gone *x = a, *y = b;
	return x->modseq != y->modseq ? (x->modseq < y->modseq ? -1 : 1) : by_first(a, b);
}

static bool message_between(const roll *r, uint32_t last, uint32_t first)
{
	bool exact;
	size_t i = last < UINT32_MAX ? roll_find(r, last + 1, &exact) : r->n;
	return i < r->n && r->v[i].uid < first;
}

/* The oldest ranges with no message between them become one, with the highest mod-sequence of theirs: a client may then be
 * told once more of what it knew (RFC 7162, 3.2.10.1, allows that), and never misses any. So there are at most as many of
 * those as messages, and one. */
static size_t merge_gone(const roll *r, roll_gone *v, size_t n)
{
	size_t old = n > GONE_KEPT ? n - GONE_KEPT : 0, to = 0;
	qsort(v, old, sizeof *v, by_first);
	for (size_t i = 0; i < old; i++) {
		roll_gone *last = to ? &v[to - 1] : NULL;
		if (!last ||
		    (v[i].first > last->last && message_between(r, last->last, v[i].first))) {
			v[to++] = v[i];
			continue;
		}
		last->last = v[i].last > last->last ? v[i].last : last->last;
		last->modseq = v[i].modseq > last->modseq ? v[i].modseq : last->modseq;
	}
	qsort(v, to, sizeof *v, by_modseq);
	memmove(v + to, v + old, (n - old) * sizeof *v);
	return to + n - old;
}

/* ---- lines */

typedef struct writing {
	out o;
	str line;
} writing;

static void put(writing *w, const journal_record *r)
{
	str_clear(&w->line);
	journal_put(r, &w->line);
	out_put(&w->o, str_span(&w->line));
}

static void put_gone(writing *w, const roll *r)
{
	roll_gone *v = xcalloc(r->gone_n + 1, sizeof *v);
	if (r->gone_n)
		memcpy(v, r->gone, r->gone_n * sizeof *v);
	size_t n = merge_gone(r, v, r->gone_n);
	for (size_t i = 0; i < n; i++)
		put(w, &(journal_record){.kind = JOURNAL_LONG_GONE, .gone = v[i]});
	free(v);
}

static void put_messages(writing *w, const roll *r)
{
	for (size_t i = 0; i < r->n; i++) {
		journal_record m = {.kind = JOURNAL_MESSAGE,
				    .entry = r->v[i],
				    .is_new = (r->v[i].flags & FOLDER_NEW) != 0,
				    .name = roll_name(r, &r->v[i])};
		put(w, &m);
		m.kind = JOURNAL_SIZES;
		if (r->v[i].flags & ROLL_OPEN)
			put(w, &m);
	}
}

static bool put_all(int fd, const ledger *l, uint64_t id)
{
	writing w = {.line = str_new(JOURNAL_LINE)};
	out_open(&w.o, fd, 256 * 1024);
	put(&w, &(journal_record){.kind = JOURNAL_START, .uidvalidity = l->uidvalidity, .id = id});
	put(&w, &(journal_record){.kind = JOURNAL_NEXT,
				  .entry = {.uid = l->uidnext, .modseq = l->modseq}});
	for (unsigned i = 0; i < FOLDER_KEYWORDS; i++)
		if (l->keywords[i])
			put(&w, &(journal_record){.kind = JOURNAL_KEYWORD,
						  .bit = i,
						  .name = span_str(l->keywords[i])});
	put_gone(&w, &l->roll);
	put_messages(&w, &l->roll);
	journal_record d = {.kind = JOURNAL_STAMPS};
	memcpy(d.stamps, l->stamps, sizeof d.stamps);
	put(&w, &d);
	bool done = out_flush(&w.o);
	out_close(&w.o);
	str_free(&w.line);
	return done;
}

/* ---- the file */

static bool read_whole(const books *b, ledger *l)
{
	struct stat st;
	journal_reading result;
	*l = (ledger){.uidnext = 1, .modseq = 1, .roll.names = S("")};
	if (!journal_read(b->log, 0, ledger_apply, l, &result) || fstat(b->log, &st) < 0)
		return false;
	roll_compress(&l->roll);
	return !result.torn && result.good == st.st_size && l->uidvalidity == b->is.uidvalidity;
}

/* EX_OK where the old log stays, too. */
static status rewrite(const books *b)
{
	ledger l = {.roll.names = S("")};
	uint64_t id;
	char temp[64];
	status st = status_ok();
	(void)snprintf(temp, sizeof temp, "tmp/pabal.log.%ld", (long)getpid());
	(void)unlinkat(b->dir, temp, 0);
	int fd = openat(b->dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool done = fd >= 0 && flock(fd, LOCK_EX) == 0 && getrandom(&id, sizeof id, 0) == sizeof id;
	done = done && read_whole(b, &l);
	if (done)
		done = put_all(fd, &l, id) && file_sync(fd) &&
		       renameat(b->dir, temp, b->dir, "pabal.log") == 0;
	if (done && !file_sync(b->dir))
		st = books_error(b, "sync");
	if (!done && fd >= 0)
		(void)unlinkat(b->dir, temp, 0);
	if (fd >= 0)
		(void)close(fd);
	ledger_free(&l);
	return st;
}

status books_compact(books *b)
{
	if (!due(b))
		return status_ok();
	status st = books_lock(b);
	if (!status_is_ok(&st))
		return st;
	if (!b->other) /* nobody was faster */
		st = rewrite(b);
	books_unlock(b);
	return status_is_ok(&st) ? books_catch_up(b) : st;
}
