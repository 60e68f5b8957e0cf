/* The file is a head and records behind it, one a message, and from time to time a table of all records so far: who
 * opens it reads the records behind the last table, not all. An append begins behind the last record that holds, so a
 * torn one is written over; the file is never cut, for others have it mapped. */
#include "maildir/cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/die.h"
#include "io/file.h"
#include "io/out.h"
#include "maildir/cache_record.h"

enum {
	RESERVE = 4 << 20, /* octets of the map ahead of the file */
	WAITING = 1 << 20, /* octets that are noted before they are written */
	FEW = 256,	   /* records that need no table */
	TABLE_PART = 8,	   /* nor an eighth of all */
	SPARE = 1000,	   /* records that nobody minds */
};

typedef struct slots {
	cache_slot *v; /* owned */
	size_t n, used;
} slots;

struct cache {
	int dir, fd; /* -1: no file */
	ino_t inode;
	char *map; /* of the file, and of what it may grow by */
	size_t mapped;
	uint64_t good;	   /* behind the last record that holds */
	uint64_t table_at; /* 0: there is none */
	size_t table_slots, table_records;
	slots recent; /* what stands behind the table */
	str waiting;
};

static void leave(cache *c)
{
	if (c->map)
		(void)munmap(c->map, c->mapped);
	if (c->fd >= 0)
		(void)close(c->fd);
	free(c->recent.v);
	*c = (cache){.dir = c->dir, .fd = -1, .waiting = c->waiting};
}

cache *cache_open(const char *dir)
{
	int fd = file_open_dir(AT_FDCWD, dir);
	if (fd < 0)
		return NULL;
	cache *c = xcalloc(1, sizeof *c);
	*c = (cache){.dir = fd, .fd = -1, .waiting = str_new(WAITING + CACHE_RECORD_MAX)};
	cache_refresh(c);
	return c;
}

void cache_close(cache *c)
{
	if (!c)
		return;
	leave(c);
	(void)close(c->dir);
	str_free(&c->waiting);
	free(c);
}

/* ---- tables */

static const cache_slot *table_of(const cache *c)
{
	return (const cache_slot *)(const void *)(c->map + c->table_at + CACHE_TABLE_HEAD);
}

/* The record of this name by the slots, *at its slot, or the free one where it would be; SIZE_MAX where all are taken, which
 * only a damaged table is. */
static cache_entry look(const cache *c, const cache_slot *slot, size_t n, uint32_t hash, span base,
			size_t *at)
{
	cache_entry e = {.kind = CACHE_NOTHING};
	size_t i = hash & (n - 1);
	for (size_t tried = 0; tried < n; tried++, i = (i + 1) & (n - 1)) {
		*at = i;
		if (!slot[i].at)
			return e;
		if (slot[i].hash != hash)
			continue;
		cache_take(span_of(c->map, c->good), (uint64_t)slot[i].at * CACHE_ALIGN, &e);
		if (e.kind == CACHE_MESSAGE && span_eq(e.base, base))
			return e;
		e.kind = CACHE_NOTHING;
	}
	*at = SIZE_MAX;
	return e;
}

static void put_slot(slots *s, cache_slot new)
{
	size_t i = new.hash &(s->n - 1);
	while (s->v[i].at)
		i = (i + 1) & (s->n - 1);
	s->v[i] = new;
	s->used++;
}

/* Room for one more, and at least half of them free. */
static void grow(slots *s)
{
	if (s->used < s->n / 2)
		return;
	slots more = {.n = s->n ? s->n * 2 : 64};
	more.v = xcalloc(more.n, sizeof *more.v);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].at)
			put_slot(&more, s->v[i]);
	free(s->v);
	*s = more;
}

static void enter(const cache *c, slots *s, span base, cache_slot new)
{
	size_t i;
	grow(s);
	(void)look(c, s->v, s->n, new.hash, base, &i);
	if (s->v[i].at)
		s->v[i] = new;
	else
		put_slot(s, new);
}

/* ---- reading */

/* All of the file up to `size` can be looked at. */
static bool map_up_to(cache *c, uint64_t size)
{
	if (size <= c->mapped)
		return true;
	size_t want = (size_t)(size / RESERVE + size / 4 / RESERVE + 2) * RESERVE;
	void *map = mmap(NULL, want, PROT_READ, MAP_SHARED, c->fd, 0);
	if (map == MAP_FAILED)
		return false;
	if (c->map)
		(void)munmap(c->map, c->mapped);
	c->map = map;
	c->mapped = want;
	return true;
}

/* It has all that stands before it. */
static void take_table(cache *c, uint64_t at, const cache_entry *e)
{
	free(c->recent.v);
	c->recent = (slots){.v = NULL};
	c->table_at = at;
	c->table_slots = e->slots;
	c->table_records = e->records;
}

/* Takes in what stands behind c->good, as far as it holds. */
static void scan(cache *c, uint64_t size)
{
	cache_entry e;
	if (size > CACHE_FILE_MAX || !map_up_to(c, size))
		return;
	for (;;) {
		cache_take(span_of(c->map, size), c->good, &e);
		if (e.kind == CACHE_NOTHING)
			return;
		if (e.kind == CACHE_TABLE)
			take_table(c, c->good, &e);
		else
			enter(c, &c->recent, e.base,
			      (cache_slot){e.hash, (uint32_t)(c->good / CACHE_ALIGN)});
		c->good += e.size;
	}
}

static void open_file(cache *c)
{
	struct stat st;
	cache_entry e;
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	c->fd = openat(c->dir, "pabal.cache", flags);
	if (c->fd < 0)
		return;
	if (fstat(c->fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size < (off_t)sizeof(cache_head) || st.st_size > CACHE_FILE_MAX ||
	    !map_up_to(c, (uint64_t)st.st_size)) {
		leave(c);
		return;
	}
	cache_head h;
	memcpy(&h, c->map, sizeof h);
	if (memcmp(h.magic, CACHE_MAGIC, sizeof h.magic) != 0) {
		leave(c);
		return;
	}
	c->inode = st.st_ino;
	c->good = sizeof h;
	cache_take(span_of(c->map, (size_t)st.st_size), h.table, &e);
	if (e.kind == CACHE_TABLE) {
		take_table(c, h.table, &e);
		c->good = h.table + e.size;
	}
	scan(c, (uint64_t)st.st_size);
}

void cache_refresh(cache *c)
{
	struct stat st;
	if (fstatat(c->dir, "pabal.cache", &st, AT_SYMLINK_NOFOLLOW) < 0) {
		leave(c);
		return;
	}
	if (c->fd >= 0 && st.st_ino != c->inode)
		leave(c);
	if (c->fd < 0)
		open_file(c);
	else if ((uint64_t)st.st_size > c->good)
		scan(c, (uint64_t)st.st_size);
}

static cache_entry find(const cache *c, span base)
{
	size_t at;
	cache_entry e = {.kind = CACHE_NOTHING};
	uint32_t hash = cache_hash(base);
	if (c->recent.n)
		e = look(c, c->recent.v, c->recent.n, hash, base, &at);
	if (e.kind == CACHE_NOTHING && c->table_at)
		e = look(c, table_of(c), c->table_slots, hash, base, &at);
	return e;
}

bool cache_find(cache *c, span base, unsigned wanted, cache_record *r)
{
	cache_entry e = find(c, base);
	*r = (cache_record){.piece = {{NULL, 0}}};
	if (e.kind == CACHE_NOTHING)
		return false;
	cache_check(&e, wanted);
	*r = e.record;
	for (int i = 0; i < CACHE_PIECES; i++)
		if (r->piece[i].p)
			return true;
	return false;
}

/* ---- writing */

bool cache_add(cache *c, span base, const cache_record *r)
{
	(void)cache_put_record(base, r, &c->waiting);
	return c->waiting.n >= WAITING;
}

static bool append(cache *c, const str *s)
{
	if (s->over || c->good + s->n > CACHE_FILE_MAX ||
	    pwrite(c->fd, s->p, s->n, (off_t)c->good) != (ssize_t)s->n)
		return false;
	scan(c, c->good + s->n);
	return true;
}

/* A table of all records: those of the one before, and what came since. */
static void append_table(cache *c)
{
	slots all = {.v = NULL};
	str to = str_new(CACHE_FILE_MAX);
	const cache_slot *old = c->table_at ? table_of(c) : NULL;
	cache_entry e;
	for (size_t i = 0; old && i < c->table_slots; i++) {
		cache_take(span_of(c->map, c->good), (uint64_t)old[i].at * CACHE_ALIGN, &e);
		if (e.kind == CACHE_MESSAGE)
			enter(c, &all, e.base, old[i]);
	}
	for (size_t i = 0; i < c->recent.n; i++) {
		cache_take(span_of(c->map, c->good), (uint64_t)c->recent.v[i].at * CACHE_ALIGN, &e);
		if (e.kind == CACHE_MESSAGE)
			enter(c, &all, e.base, c->recent.v[i]);
	}
	uint64_t at = c->good;
	cache_put_table(all.v, all.n, all.used, &to);
	if (append(c, &to) && c->table_at == at)
		(void)!pwrite(c->fd, &at, sizeof at, offsetof(cache_head, table));
	str_free(&to);
	free(all.v);
}

/* The records of the messages that are there, and their table. */
static bool write_live(const cache *c, const folder *f, int fd)
{
	cache_head h = {.magic = CACHE_MAGIC, .table = sizeof h};
	slots all = {.v = NULL};
	str table = str_new(CACHE_FILE_MAX);
	out o;
	out_open(&o, fd, 256 * 1024);
	out_put(&o, span_of((const char *)&h, sizeof h));
	for (size_t i = 0; f && i < folder_count(f); i++) {
		cache_entry e =
		    c->map ? find(c, folder_at(f, i).base) : (cache_entry){.kind = CACHE_NOTHING};
		if (e.kind != CACHE_MESSAGE)
			continue;
		grow(&all);
		put_slot(&all, (cache_slot){e.hash, (uint32_t)(h.table / CACHE_ALIGN)});
		out_put(&o, e.octets);
		h.table += e.size;
	}
	if (all.used)
		cache_put_table(all.v, all.n, all.used, &table);
	else
		h.table = 0;
	out_put(&o, str_span(&table));
	bool done = !table.over && out_flush(&o) && pwrite(fd, &h, sizeof h, 0) == sizeof h;
	out_close(&o);
	str_free(&table);
	free(all.v);
	return done;
}

/* Replaces the file, or makes it. */
static void write_anew(cache *c, const folder *f)
{
	char temp[64];
	(void)snprintf(temp, sizeof temp, "tmp/pabal.cache.%ld", (long)getpid());
	(void)unlinkat(c->dir, temp, 0);
	int fd = openat(c->dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	bool done = write_live(c, f, fd);
	(void)close(fd);
	if (!done || renameat(c->dir, temp, c->dir, "pabal.cache") < 0)
		(void)unlinkat(c->dir, temp, 0);
	leave(c);
	open_file(c);
}

/* The lock of the file that has the name now; false where another has it. */
static bool lock(cache *c)
{
	cache_refresh(c);
	if (c->fd < 0)
		write_anew(c, NULL);
	if (c->fd < 0 || flock(c->fd, LOCK_EX | LOCK_NB) < 0)
		return false;
	ino_t locked = c->inode;
	cache_refresh(c);
	return c->fd >= 0 &&
	       c->inode == locked; /* replaced meanwhile: the lock went with the file */
}

void cache_write(cache *c, const folder *f)
{
	if (!c->waiting.n)
		return;
	if (lock(c) && append(c, &c->waiting)) {
		size_t all = c->table_records + c->recent.used;
		if (f && all > 2 * folder_count(f) + SPARE)
			write_anew(c, f);
		else if (c->recent.used > FEW && c->recent.used > c->table_records / TABLE_PART)
			append_table(c);
	}
	if (c->fd >= 0)
		(void)flock(c->fd, LOCK_UN);
	str_clear(&c->waiting);
}

void cache_rest(cache *c)
{
	str_free(&c->waiting);
	if (c->map) /* the pages stay in the system's memory */
		(void)madvise(c->map, c->mapped, MADV_DONTNEED);
}
