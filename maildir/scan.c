#include "maildir/scan.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "io/file.h"
#include "maildir/find.h"

static const size_t MEMORY = (size_t)16 << 30;
enum { NAMES_PIECE = 1 << 16, GROWN_STEP = 256 };
enum { RECENT = 8 }; /* parts in which the one of a path is looked for */

void maildir_scan_open(maildir_scan *s)
{
	*s = (maildir_scan){.mem = arena_new(MEMORY)};
}

void maildir_scan_free(maildir_scan *s)
{
	arena_free(&s->mem);
	free(s->parts);
	free(s->messages);
	*s = (maildir_scan){.mem = arena_new(MEMORY)};
}

static bool too_many(void)
{
	errno = EFBIG;
	return false;
}

static bool add_part(maildir_scan *s, span prefix)
{
	char *copy = arena_cstr(&s->mem, prefix);
	if (!copy || s->part_count >= SCAN_MESSAGES_MAX)
		return too_many();
	if (s->part_count == s->part_room) {
		s->part_room = s->part_room ? s->part_room * 2 : 16;
		s->parts = xrealloc(s->parts, s->part_room, sizeof *s->parts);
	}
	bool is_new = span_eq(prefix, S("new/")) || span_ends(prefix, S("/new/"));
	s->parts[s->part_count++] = (scan_part){copy, is_new};
	return true;
}

/* Names stand one behind the other in large pieces of the arena. */
static char *keep_name(maildir_scan *s, span name)
{
	if (name.n >= s->names_left) {
		size_t n = name.n < NAMES_PIECE ? NAMES_PIECE : name.n + 1;
		s->names = arena_alloc(&s->mem, n);
		s->names_left = s->names ? n : 0;
	}
	if (!s->names)
		return NULL;
	char *copy = memcpy(s->names, name.p, name.n);
	copy[name.n] = 0;
	s->names += name.n + 1;
	s->names_left -= name.n + 1;
	return copy;
}

static scan_message *add_message(maildir_scan *s, span name)
{
	if (s->grown && s->count && s->count % GROWN_STEP == 0)
		s->grown(s->grown_arg);
	char *copy = keep_name(s, name);
	if (!copy || s->count >= SCAN_MESSAGES_MAX || s->added == UINT32_MAX ||
	    name.n > UINT32_MAX) {
		errno = EFBIG;
		return NULL;
	}
	if (s->count == s->room) {
		s->room = s->room ? s->room * 2 : 1024;
		s->messages = xrealloc(s->messages, s->room, sizeof *s->messages);
	}
	scan_message *m = s->messages + s->count++;
	*m = (scan_message){copy, (uint32_t)(s->part_count - 1), (uint32_t)name.n, s->added++, 0};
	return m;
}

/* Names that were not given by a delivery (imported ones) tell no time. */
static int64_t arrived(int dir, span name, const char *path)
{
	struct stat st;
	int64_t epoch;
	if (name_arrived(name, &epoch))
		return epoch;
	return fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mtim.tv_sec : 0;
}

static bool read_part(maildir_scan *s, DIR *d)
{
	const struct dirent *e;
	while ((errno = 0, e = readdir(d))) {
		scan_message *m;
		if (e->d_name[0] == '.' || e->d_type == DT_DIR)
			continue;
		m = add_message(s, span_str(e->d_name));
		if (!m)
			return false;
		m->arrived = arrived(dirfd(d), scan_name(m), m->name);
	}
	return errno == 0;
}

static bool add_folder_part(maildir_scan *s, const char *dir, const char *part)
{
	str prefix = str_new(65536);
	size_t n = strlen(dir);
	(void)str_printf(&prefix, n && dir[n - 1] == '/' ? "%s%s/" : "%s/%s/", dir, part);
	int fd = file_open_dir(AT_FDCWD, str_cstr(&prefix));
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	bool done = d && add_part(s, str_span(&prefix)) && read_part(s, d);
	int error = errno;
	if (d)
		(void)closedir(d);
	else if (fd >= 0)
		(void)close(fd);
	str_free(&prefix);
	errno = error;
	return done;
}

bool maildir_scan_folder(maildir_scan *s, const char *dir, unsigned which)
{
	/* new/ first: what a reader moves to cur/ meanwhile is then seen twice rather than never. */
	return (!(which & SCAN_NEW) || add_folder_part(s, dir, "new")) &&
	       (!(which & SCAN_CUR) || add_folder_part(s, dir, "cur"));
}

static bool part_of(maildir_scan *s, span prefix, uint32_t *part)
{
	size_t last = s->part_count > RECENT ? s->part_count - RECENT : 0;
	for (size_t i = s->part_count; i-- > last;)
		if (span_eq(span_str(s->parts[i].prefix), prefix)) {
			*part = (uint32_t)i;
			return true;
		}
	*part = (uint32_t)s->part_count;
	return add_part(s, prefix);
}

bool maildir_scan_path(maildir_scan *s, span path)
{
	size_t slash = span_rfind(path, '/');
	size_t cut = slash < path.n ? slash + 1 : 0;
	uint32_t part;
	if (!part_of(s, span_sub(path, 0, cut), &part))
		return false;
	scan_message *m = add_message(s, span_sub(path, cut, path.n));
	if (!m)
		return false;
	m->part = part;
	if (!name_arrived(scan_name(m), &m->arrived))
		m->arrived = 0;
	return true;
}

/* Within a second the octets of the name decide. */
static int older(const void *a, const void *b)
{
	const scan_message *x = a, *y = b;
	if (x->arrived != y->arrived)
		return x->arrived < y->arrived ? -1 : 1;
	int order = strcmp(x->name, y->name);
	return order ? order : x->part < y->part ? -1 : x->part > y->part;
}

/* A directory gives its entries in no order: 100,000 of them are sorted by time in a few passes, one for each
 * 11 bits in which the times differ, and then only each second by itself. */
enum { RADIX_BITS = 11, RADIX = 1 << RADIX_BITS, RADIX_LEAST = 256 };

static void radix_pass(const scan_message *from, scan_message *to, size_t n, int64_t base,
		       int shift)
{
	size_t starts[RADIX] = {0}, sum = 0;
	for (size_t i = 0; i < n; i++)
		starts[((uint64_t)from[i].arrived - (uint64_t)base) >> shift & (RADIX - 1)]++;
	for (size_t i = 0; i < RADIX; i++) {
		size_t count = starts[i];
		starts[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[starts[((uint64_t)from[i].arrived - (uint64_t)base) >> shift & (RADIX - 1)]++] =
		    from[i];
}

static void sort_seconds(scan_message *v, size_t n)
{
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && v[to].arrived == v[from].arrived;)
			to++;
		if (to - from > 1)
			qsort(v + from, to - from, sizeof *v, older);
	}
}

static void sort_messages(scan_message *v, size_t n)
{
	if (n < RADIX_LEAST) {
		if (n > 1)
			qsort(v, n, sizeof *v, older);
		return;
	}
	int64_t low = v[0].arrived, high = low;
	for (size_t i = 1; i < n; i++) {
		low = v[i].arrived < low ? v[i].arrived : low;
		high = v[i].arrived > high ? v[i].arrived : high;
	}
	uint64_t spread = (uint64_t)high - (uint64_t)low;
	scan_message *other = xcalloc(n, sizeof *other), *from = v, *to = other;
	for (int shift = 0; shift < 64 && spread >> shift; shift += RADIX_BITS) {
		radix_pass(from, to, n, low, shift);
		scan_message *swap = from;
		from = to;
		to = swap;
	}
	if (from != v)
		memcpy(v, from, n * sizeof *v);
	free(other);
	sort_seconds(v, n);
}

/* Whether a reader moved x from new/ to where y was seen, while we looked. */
static bool moved(const maildir_scan *s, const scan_message *x, const scan_message *y)
{
	span a = span_str(s->parts[x->part].prefix), b = span_str(s->parts[y->part].prefix);
	return x->part != y->part && x->arrived == y->arrived &&
	       s->parts[x->part].is_new != s->parts[y->part].is_new && a.n == b.n &&
	       span_eq(span_sub(a, 0, a.n - 4), span_sub(b, 0, b.n - 4)) &&
	       span_eq(name_unique(scan_name(x)), name_unique(scan_name(y)));
}

void maildir_scan_sort(maildir_scan *s, size_t from)
{
	size_t kept = from;
	sort_messages(s->messages + from, s->count - from);
	for (size_t i = from; i < s->count; i++) {
		scan_message *m = s->messages + i;
		if (kept > from && moved(s, m - 1, m)) {
			if (!s->parts[m->part].is_new)
				s->messages[kept - 1] = *m;
		} else {
			s->messages[kept++] = *m;
		}
	}
	s->count = kept;
}

span scan_name(const scan_message *m)
{
	return span_of(m->name, m->n);
}

void scan_put_path(const maildir_scan *s, const scan_message *m, str *to)
{
	(void)str_put(to, span_str(s->parts[m->part].prefix));
	(void)str_put(to, scan_name(m));
}

/* The part that a path ends with before its last '/': "cur" or "new". */
static bool ends_in_part(span prefix)
{
	return span_eq(prefix, S("cur/")) || span_eq(prefix, S("new/")) ||
	       span_ends(prefix, S("/cur/")) || span_ends(prefix, S("/new/"));
}

bool scan_is_message(span path)
{
	size_t slash = span_rfind(path, '/');
	return slash + 1 < path.n && ends_in_part(span_sub(path, 0, slash + 1));
}

static bool found_again(maildir_scan *s, scan_message *m, span folder, span place)
{
	str path = str_new(65536);
	(void)str_put(&path, folder);
	(void)str_put(&path, span_sub(place, 0, 4)); /* "cur/", "new/" */
	span name = span_sub(place, 4, place.n);
	uint32_t part;
	char *copy = keep_name(s, name);
	bool done = copy && part_of(s, str_span(&path), &part);
	if (done) {
		m->part = part;
		m->name = copy;
		m->n = (uint32_t)name.n;
	}
	str_free(&path);
	return done;
}

bool maildir_scan_again(maildir_scan *s, scan_message *m)
{
	span prefix = span_str(s->parts[m->part].prefix);
	if (!ends_in_part(prefix))
		return false;
	span folder = span_sub(prefix, 0, prefix.n - 4);
	str at = str_new(65536), place = str_new(4096);
	(void)str_put(&at, folder.n ? folder : S("."));
	int dir = file_open_dir(AT_FDCWD, str_cstr(&at));
	bool found = dir >= 0 && find_unique(dir, name_unique(scan_name(m)), &place) == FIND_YES &&
		     found_again(s, m, folder, str_span(&place));
	if (dir >= 0)
		(void)close(dir);
	str_free(&at);
	str_free(&place);
	return found;
}
