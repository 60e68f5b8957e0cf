#include "maildir/census.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/die.h"
#include "io/file.h"

/* How long after a change the next one surely has another time: the kernel stamps with its tick, at most 10 ms; file
 * systems without fractions with seconds, FAT with two. */
enum { TICK_NS = 20000000, COARSE_SEC = 2, AHEAD_SEC = 3 };

void census_free(census *c)
{
	free(c->names);
	free(c->odd);
	free(c->missing);
	*c = (census){0};
}

span census_at(const census *c, size_t i)
{
	return span_of(c->names + c->odd[i].at, c->odd[i].n);
}

static bool stamp_of(int fd, journal_stamp *s)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return false;
	*s = (journal_stamp){st.st_mtim.tv_sec, (uint32_t)st.st_mtim.tv_nsec};
	return true;
}

static bool same(journal_stamp a, journal_stamp b)
{
	return a.sec == b.sec && a.nsec == b.nsec;
}

/* Whether another change would show, at the time `now`. A clock that was set back proves nothing. */
static bool old_enough(journal_stamp s, struct timespec now)
{
	int64_t sec = now.tv_sec - s.sec;
	if (s.nsec == 0)
		return sec > COARSE_SEC;
	int64_t nsec = now.tv_nsec - (int64_t)s.nsec;
	return sec > 1 || (sec >= 0 && sec * 1000000000 + nsec > TICK_NS);
}

bool census_due(const int part[PARTS], const journal_stamp stamps[PARTS], unsigned *parts)
{
	*parts = 0;
	for (unsigned i = 0; i < PARTS; i++) {
		journal_stamp now;
		if (!stamp_of(part[i], &now))
			return false;
		if (!same(now, stamps[i]))
			*parts |= 1u << i;
	}
	return true;
}

static void put_odd(census *c, span name, bool is_new)
{
	if (c->odd_n == c->odd_room) {
		c->odd_room = c->odd_room * 2 + 64;
		c->odd = xrealloc(c->odd, c->odd_room, sizeof *c->odd);
	}
	if (c->names_room - c->names_n < name.n) {
		c->names_room = c->names_room * 2 + name.n + 4096;
		c->names = xrealloc(c->names, c->names_room, 1);
	}
	memcpy(c->names + c->names_n, name.p, name.n);
	c->odd[c->odd_n++] = (census_name){c->names_n, (uint16_t)name.n, is_new};
	c->names_n += name.n;
}

/* seen[i]: bit 0, a file of entry i; bit 1, the file that the roll has. */
static void meet(census *c, roll *r, unsigned char *seen, span name, bool is_new)
{
	size_t i = roll_lookup(r, span_sub(name, 0, span_find(name, ':')));
	if (i == SIZE_MAX) {
		put_odd(c, name, is_new);
		return;
	}
	const roll_entry *e = &r->v[i];
	seen[i] = 1;
	if (is_new != !!(e->flags & FOLDER_NEW) || !span_eq(roll_name(r, e), name))
		put_odd(c, name, is_new);
}

static bool read_part(census *c, int part, bool is_new, roll *r, unsigned char *seen)
{
	struct dirent *e;
	int fd = file_open_dir(part, ".");
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return false;
	}
	while ((errno = 0, e = readdir(d))) {
		span name = span_str(e->d_name);
		if (e->d_type != DT_DIR && roll_is_name(name))
			meet(c, r, seen, name, is_new);
	}
	int error = errno;
	(void)closedir(d);
	errno = error;
	return error == 0;
}

static void miss(census *c, const roll *r, const unsigned char *seen)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n; i++)
		n += !seen[i] && c->looked[r->v[i].flags & FOLDER_NEW ? IN_NEW : IN_CUR];
	c->missing = n ? xrealloc(NULL, n, sizeof *c->missing) : NULL;
	for (size_t i = 0; n && i < r->n; i++)
		if (!seen[i] && c->looked[r->v[i].flags & FOLDER_NEW ? IN_NEW : IN_CUR])
			c->missing[c->missing_n++] = r->v[i].uid;
}

bool census_take(census *c, const int part[PARTS], unsigned parts, roll *r)
{
	struct timespec now;
	bool done = clock_gettime(CLOCK_REALTIME, &now) == 0;
	unsigned char *seen = xcalloc(r->n + 1, 1);
	*c = (census){0};
	for (unsigned i = 0; done && i < PARTS; i++)
		done = stamp_of(part[i], &c->stamps[i]);
	/* new/ first, the way that files go: what is moved meanwhile is then seen twice rather than never. */
	for (unsigned i = 0; done && i < PARTS; i++) {
		c->looked[i] = parts >> i & 1;
		done = !c->looked[i] || read_part(c, part[i], i == IN_NEW, r, seen);
	}
	for (unsigned i = 0; done && i < PARTS; i++) {
		journal_stamp after;
		done = stamp_of(part[i], &after);
		bool still = done && same(after, c->stamps[i]);
		c->settled[i] = c->looked[i] && still && old_enough(after, now);
		c->moved = c->moved || (c->looked[i] && !still);
	}
	if (done)
		miss(c, r, seen);
	roll_forget(r);
	free(seen);
	return done;
}

bool census_quiet(const int part[PARTS], journal_stamp stamps[PARTS])
{
	struct timespec now;
	bool quiet = clock_gettime(CLOCK_REALTIME, &now) == 0;
	for (unsigned i = 0; quiet && i < PARTS; i++)
		quiet = stamp_of(part[i], &stamps[i]) && old_enough(stamps[i], now);
	return quiet;
}

void census_tame(const int part[PARTS])
{
	struct timespec now;
	journal_stamp s;
	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return;
	for (unsigned i = 0; i < PARTS; i++)
		if (stamp_of(part[i], &s) && s.sec > now.tv_sec + AHEAD_SEC)
			(void)futimens(part[i], NULL);
}
