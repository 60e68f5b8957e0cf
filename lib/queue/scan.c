#include "queue/scan.h"

#include <dirent.h>
#include <stdlib.h>

#include "io/file.h"

enum scan_where scan_where_of(const char *name)
{
	span rest = span_str(name), dir = span_cut(&rest, '/');
	return span_eq(dir, S("hold"))	   ? SCAN_HOLD
	       : span_eq(dir, S("failed")) ? SCAN_FAILED
	       : span_eq(dir, S("new"))	   ? SCAN_NEW
					   : SCAN_LATER;
}

typedef struct walk {
	int queue_dir;
	scan_each *each;
	void *arg;
	int64_t now, largest; /* largest < 0: everything counts */
	int64_t next;
	int error; /* errno of the first directory that could not be read */
	bool stop;
} walk;

static bool is_due(walk *w, int64_t when)
{
	if (w->largest < 0 || when <= w->now || when - w->now > w->largest)
		return true;
	if (w->next == 0 || when < w->next)
		w->next = when;
	return false;
}

/* "ID", or "TIME.ID" in a bucket; other names are not ours. */
static bool take_name(walk *w, const char *dir, const char *file, scan_entry *e)
{
	span id = span_str(file);
	uint64_t when = 0;
	if (e->where == SCAN_LATER) {
		span time = span_cut(&id, '.');
		if (time.n != 10 || !span_u64(time, INT64_MAX, &when) || !is_due(w, (int64_t)when))
			return false;
	}
	if (!qid_valid(id))
		return false;
	memcpy(e->id, id.p, QID_LEN);
	e->id[QID_LEN] = 0;
	e->due = (int64_t)when;
	(void)snprintf(e->name, sizeof e->name, "%.10s/%.40s", dir, file);
	return true;
}

static void walk_dir(walk *w, const char *dir, enum scan_where where)
{
	int fd = w->stop ? -1 : file_open_dir(w->queue_dir, dir);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *file;
	scan_entry e = {.where = where};
	if (!d) {
		if (!w->stop && !w->error)
			w->error = errno;
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	errno = 0;
	while (!w->stop && (file = readdir(d))) {
		if (take_name(w, dir, file->d_name, &e) && !w->each(w->arg, &e))
			w->stop = true;
		errno = 0;
	}
	if (errno && !w->error)
		w->error = errno;
	(void)closedir(d);
}

/* `count` buckets from the one of `from` on. */
static void walk_ring(walk *w, int64_t from, int64_t count)
{
	char dir[16];
	for (int64_t i = 0; i < count && i < SCAN_BUCKETS && !w->stop; i++) {
		unsigned bucket = (unsigned)((from / SCAN_BUCKET_SECONDS + i) % SCAN_BUCKETS);
		(void)snprintf(dir, sizeof dir, "later/%02X", bucket);
		walk_dir(w, dir, SCAN_LATER);
	}
}

static bool done(const walk *w)
{
	errno = w->error;
	return w->error == 0;
}

bool scan_due(int queue_dir, int64_t since, int64_t now, int64_t largest, scan_each *each,
	      void *arg, int64_t *next)
{
	walk w = {.queue_dir = queue_dir, .each = each, .arg = arg, .now = now, .largest = largest};
	int64_t buckets = SCAN_BUCKETS;
	if (since > 0 && since <= now)
		buckets = now / SCAN_BUCKET_SECONDS - since / SCAN_BUCKET_SECONDS + 2;
	walk_dir(&w, "new", SCAN_NEW);
	walk_ring(&w, since > 0 && since <= now ? since : 0, buckets);
	if (next)
		*next = w.next;
	return done(&w);
}

bool scan_all(int queue_dir, scan_each *each, void *arg)
{
	walk w = {.queue_dir = queue_dir, .each = each, .arg = arg, .largest = -1};
	walk_dir(&w, "new", SCAN_NEW);
	walk_ring(&w, 0, SCAN_BUCKETS);
	walk_dir(&w, "hold", SCAN_HOLD);
	walk_dir(&w, "failed", SCAN_FAILED);
	return done(&w);
}

static bool count_one(void *arg, const scan_entry *e)
{
	scan_counts *c = arg;
	switch (e->where) {
	case SCAN_NEW:
		c->new ++;
		break;
	case SCAN_LATER:
		c->later++;
		break;
	case SCAN_HOLD:
		c->hold++;
		break;
	case SCAN_FAILED:
		c->failed++;
		break;
	}
	return true;
}

bool scan_count(int queue_dir, scan_counts *c)
{
	*c = (scan_counts){0};
	return scan_all(queue_dir, count_one, c);
}

typedef struct search {
	const char *id;
	char *name;
	bool found;
} search;

static bool same_id(void *arg, const scan_entry *e)
{
	search *s = arg;
	if (strcmp(e->id, s->id) != 0)
		return true;
	memcpy(s->name, e->name, sizeof e->name);
	s->found = true;
	return false;
}

/* From the first of the folders on that need no search, and then in the ring. */
static bool find(int queue_dir, const char *id, size_t first, char name[static 64])
{
	static const char *const plain[] = {"new", "hold", "failed"};
	search s = {.id = id, .name = name};
	walk w = {.queue_dir = queue_dir, .each = same_id, .arg = &s, .largest = -1};
	for (size_t i = first; i < sizeof plain / sizeof *plain; i++) {
		(void)snprintf(name, 64, "%s/%.24s", plain[i], id);
		if (faccessat(queue_dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
		if (errno != ENOENT && !w.error)
			w.error = errno;
	}
	walk_ring(&w, 0, SCAN_BUCKETS);
	errno = s.found ? 0 : w.error ? w.error : ENOENT;
	return s.found;
}

bool scan_find(int queue_dir, const char *id, char name[static 64])
{
	return find(queue_dir, id, 0, name);
}

bool scan_is_alone(int queue_dir, const char *id)
{
	char name[64];
	return !find(queue_dir, id, 1, name) && errno == ENOENT;
}
