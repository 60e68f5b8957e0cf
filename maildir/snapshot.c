/* The file is a head, and behind it entries, expunged ranges, keywords and names, as they are in memory. Only the
 * head has a sum: to check all of it would cost more than reading the log's last lines. What is not in bounds is
 * taken for empty. It is made and synced before it gets its name, so a crash leaves the old one or the new one. */
#include "maildir/snapshot.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "base/die.h"
#include "io/file.h"
#include "io/out.h"
#include "io/sum.h"

_Static_assert(sizeof(roll_entry) == 64 && sizeof(roll_gone) == 16, "as pabal-maildir(5) has them");
enum { TAIL = 16, KEYWORDS_TEXT = FOLDER_KEYWORDS * (KEYWORD_MAX + 1), SPARE = 128 };

typedef struct head {
	char magic[8];
	uint64_t
	    durable;  /* so much of the log is on disk; written in place, after each sync of it */
	uint64_t sum; /* of what follows in the head */
	uint64_t log_at, log_id;
	unsigned char log_tail[TAIL]; /* the octets of the log before log_at */
	uint32_t uidvalidity, uidnext;
	uint64_t modseq;
	int64_t sec[PARTS];
	uint64_t nsec[PARTS];
	uint64_t entries, spare;	/* counts; spare ones are zeros, for what comes */
	uint64_t gone, keywords, names; /* a count, and octets */
	uint64_t fresh, unseen, first_unseen;
} head;

static const char magic[8] = "pabalix2";

void ledger_free(ledger *l)
{
	for (size_t i = 0; i < FOLDER_KEYWORDS; i++) {
		free(l->keywords[i]);
		l->keywords[i] = NULL;
	}
	roll_free(&l->roll);
	*l = (ledger){.roll.names = S("")};
}

void ledger_keyword(ledger *l, unsigned bit, span name)
{
	if (bit >= FOLDER_KEYWORDS || memchr(name.p, 0, name.n))
		return;
	free(l->keywords[bit]);
	l->keywords[bit] = xmalloc(name.n + 1);
	memcpy(l->keywords[bit], name.p, name.n);
	l->keywords[bit][name.n] = 0;
}

static uint64_t head_sum(const head *h)
{
	const size_t from = offsetof(head, log_at);
	return sum_crc32(0, span_of((const char *)h + from, sizeof *h - from));
}

static bool sizes_fit(const head *h, size_t size)
{
	uint64_t n = sizeof *h;
	return h->entries <= ROLL_MAX && h->spare <= ROLL_MAX && h->gone <= UINT32_MAX &&
	       h->fresh <= h->entries && h->unseen <= h->entries && h->first_unseen <= h->entries &&
	       h->keywords <= KEYWORDS_TEXT && h->names <= JOURNAL_MAX &&
	       n + (h->entries + h->spare) * sizeof(roll_entry) + h->gone * sizeof(roll_gone) +
		       h->keywords + h->names ==
		   size;
}

bool snapshot_take(ledger *l, uint64_t *at, uint64_t *durable, unsigned char tail[static TAIL])
{
	head h;
	roll *r = &l->roll;
	char *p = r->index.base;
	if (r->index.size < sizeof h)
		return false;
	memcpy(&h, p, sizeof h);
	if (memcmp(h.magic, magic, sizeof magic) != 0 || h.sum != head_sum(&h) ||
	    !sizes_fit(&h, r->index.size) || !h.uidvalidity || !h.uidnext)
		return false;
	l->uidvalidity = h.uidvalidity;
	l->uidnext = h.uidnext;
	l->modseq = h.modseq;
	l->id = h.log_id;
	for (size_t i = 0; i < PARTS; i++)
		l->stamps[i] = (journal_stamp){h.sec[i], (uint32_t)h.nsec[i]};
	p += sizeof h;
	r->v = (roll_entry *)(void *)p;
	r->n = h.entries;
	r->room = h.entries + h.spare;
	p += r->room * sizeof *r->v;
	r->gone = (roll_gone *)(void *)p;
	r->gone_n = h.gone;
	p += h.gone * sizeof *r->gone;
	r->tally = (roll_tally){true, h.fresh, h.unseen, h.first_unseen};
	span keywords = span_of(p, h.keywords);
	r->names = span_of(p + h.keywords, h.names);
	for (unsigned i = 0; i < FOLDER_KEYWORDS && keywords.n; i++) {
		span name = span_cut(&keywords, '\n');
		if (name.n)
			ledger_keyword(l, i, name);
	}
	*at = h.log_at;
	*durable = h.durable;
	memcpy(tail, h.log_tail, TAIL);
	return true;
}

static bool belongs(int log, uint64_t id, uint64_t at, const unsigned char tail[static TAIL])
{
	unsigned char now[TAIL];
	journal_record first;
	return journal_first(log, &first) && first.id == id && at >= TAIL && at <= JOURNAL_MAX &&
	       file_pread(log, now, TAIL, (off_t)at - TAIL) == TAIL && memcmp(now, tail, TAIL) == 0;
}

bool snapshot_load(int dir, int log, ledger *l, off_t *at, off_t *durable, uint64_t *id)
{
	uint64_t synced = 0;
	unsigned char tail[TAIL];
	uint64_t offset = 0;
	int fd = file_open_read(dir, "pabal.index");
	if (fd < 0)
		return false;
	map *m = &l->roll.index;
	/* Entries change in memory as the log goes on: a private map, copied where it is written on. */
	bool done = map_open(m, fd, SIZE_MAX) && m->base &&
		    mprotect(m->base, m->size, PROT_READ | PROT_WRITE) == 0 &&
		    snapshot_take(l, &offset, &synced, tail);
	(void)close(fd);
	if (done) {
		*at = (off_t)offset;
		*id = l->id;
		*durable = synced < INT64_MAX ? (off_t)synced : 0;
		done = belongs(log, l->id, offset, tail);
	}
	if (!done)
		ledger_free(l);
	return done;
}

static void put_keywords(const ledger *l, str *to)
{
	for (size_t i = 0; i < FOLDER_KEYWORDS; i++)
		(void)str_printf(to, "%s\n", l->keywords[i] ? l->keywords[i] : "");
}

/* Entries with their names side by side again. */
static void put_roll(const roll *r, out *o)
{
	uint64_t at = 0;
	for (size_t i = 0; i < r->n; i++) {
		roll_entry e = r->v[i];
		e.flags &= FOLDER_FLAGS | FOLDER_NEW | ROLL_OPEN;
		e.name = at;
		e.name_n = (uint16_t)roll_name(r, &r->v[i]).n;
		at += e.name_n;
		out_put(o, span_of((const char *)&e, sizeof e));
	}
	static const roll_entry spare[SPARE];
	out_put(o, span_of((const char *)spare, sizeof spare));
	out_put(o, span_of((const char *)r->gone, r->gone_n * sizeof *r->gone));
}

static bool write_to(int fd, int log, const ledger *l, off_t at)
{
	head h = {
	    .durable = (uint64_t)at, .log_at = (uint64_t)at, .log_id = l->id, .modseq = l->modseq};
	out o;
	str keywords = str_new(KEYWORDS_TEXT);
	put_keywords(l, &keywords);
	memcpy(h.magic, magic, sizeof magic);
	h.uidvalidity = l->uidvalidity;
	h.uidnext = l->uidnext;
	h.entries = l->roll.n;
	h.spare = SPARE;
	h.gone = l->roll.gone_n;
	for (size_t i = l->roll.n; i-- > 0;) { /* of what put_roll() keeps */
		const uint32_t flags = l->roll.v[i].flags;
		h.fresh += (flags & FOLDER_NEW) != 0;
		h.unseen += !(flags & FOLDER_SEEN);
		h.first_unseen = flags & FOLDER_SEEN ? h.first_unseen : i + 1;
	}
	h.keywords = keywords.n;
	for (size_t i = 0; i < l->roll.n; i++)
		h.names += roll_name(&l->roll, &l->roll.v[i]).n;
	for (size_t i = 0; i < PARTS; i++) {
		h.sec[i] = l->stamps[i].sec;
		h.nsec[i] = l->stamps[i].nsec;
	}
	bool done = file_pread(log, h.log_tail, TAIL, at - TAIL) == TAIL;
	h.sum = head_sum(&h);
	out_open(&o, fd, 256 * 1024);
	out_put(&o, span_of((const char *)&h, sizeof h));
	put_roll(&l->roll, &o);
	out_put(&o, str_span(&keywords));
	for (size_t i = 0; i < l->roll.n; i++)
		out_put(&o, roll_name(&l->roll, &l->roll.v[i]));
	done = done && !keywords.over && out_flush(&o);
	out_close(&o);
	str_free(&keywords);
	return done;
}

void snapshot_write(int dir, int log, const ledger *l, off_t at)
{
	char temp[64];
	if (at < TAIL || l->roll.dead)
		return;
	(void)snprintf(temp, sizeof temp, "tmp/pabal.index.%ld", (long)getpid());
	(void)unlinkat(dir, temp, 0);
	int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	bool done = write_to(fd, log, l, at) && file_sync(fd);
	(void)close(fd);
	if (!done || renameat(dir, temp, dir, "pabal.index") < 0)
		(void)unlinkat(dir, temp, 0);
}

void snapshot_durable(int dir, uint64_t id, off_t at)
{
	uint64_t value = (uint64_t)at, of;
	int fd = openat(dir, "pabal.index", O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return;
	if (pread(fd, &of, sizeof of, offsetof(head, log_id)) == sizeof of && of == id)
		(void)!pwrite(fd, &value, sizeof value, offsetof(head, durable));
	(void)close(fd);
}
