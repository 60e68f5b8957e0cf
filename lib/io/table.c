/* Lookup in a text table. The file is never mapped: one that is cut short while it is read must not
 * end the process. Blocks that a search has read are kept while the file stays the same, so that
 * the first steps of the next search cost nothing; a file that changed within the last two seconds
 * may change again without a new time stamp, and nothing of it is kept. */
#include "io/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "io/control.h"
#include "io/coproc.h"
#include "io/file.h"
#include "io/order.h"

enum { BLOCK = 4096, SLOTS = 64, REMEMBER_FROM = 1 << 20, TRIES = 5 };

/* An editor that replaces the file, or changes its owner, while it is read: the answer is in the new one. */
static const char changed[] = "changed while it was read";

struct table {
	char *name, *path;
	int fd; /* -1: not open */
	order_id id;
	uint64_t size, start; /* octets of the file; where the comments at the top end */
	bool touched;	      /* the file was read since the last look at its state */
	bool ordered;	      /* the whole file was checked */
	coproc *program;      /* where the table is an executable */
	struct slot {
		uint64_t number; /* of the block, plus one; 0: empty */
		size_t n;
	} slots[SLOTS];
	char *blocks; /* SLOTS of BLOCK octets */
	const char *error;
};

table *table_open(const char *name)
{
	str path = str_new(1 << 16);
	table *t = xcalloc(1, sizeof *t);
	(void)str_printf(&path, "%s/%s", control_root(), name);
	t->name = xstrdup(name);
	t->path = xstrdup(str_cstr(&path));
	t->fd = -1;
	str_free(&path);
	return t;
}

static void forget(table *t)
{
	if (t->fd >= 0)
		(void)close(t->fd);
	coproc_free(t->program);
	t->fd = -1;
	t->program = NULL;
	t->ordered = false;
	memset(t->slots, 0, sizeof t->slots);
}

void table_close(table *t)
{
	if (!t)
		return;
	forget(t);
	free(t->blocks);
	free(t->name);
	free(t->path);
	free(t);
}

const char *table_path(const table *t)
{
	return t->path;
}

/* The octets of the file from `at` to the end of the block that holds it; empty at the end. */
static bool block_at(table *t, uint64_t at, span *octets)
{
	uint64_t number = at / BLOCK + 1;
	struct slot *s = &t->slots[number % SLOTS];
	char *block = t->blocks + number % SLOTS * BLOCK;
	if (s->number != number) {
		ssize_t got = file_pread(t->fd, block, BLOCK, (off_t)(at / BLOCK * BLOCK));
		s->number = 0;
		t->touched = true;
		if (got < 0) {
			t->error = "cannot be read";
			return false;
		}
		s->number = number;
		s->n = (size_t)got;
	}
	*octets = span_sub(span_of(block, s->n), at % BLOCK, s->n);
	return true;
}

/* Where the line that holds octet `at` ends: behind its LF. */
static bool line_end(table *t, uint64_t at, uint64_t *end)
{
	span octets;
	uint64_t from = at;
	while (at - from < ORDER_LINE_MAX) {
		if (!block_at(t, at, &octets))
			return false;
		if (!octets.n)
			break;
		const char *lf = memchr(octets.p, '\n', octets.n);
		if (lf) {
			*end = at + (size_t)(lf - octets.p) + 1;
			return true;
		}
		at += octets.n;
	}
	t->error =
	    at - from < ORDER_LINE_MAX ? "no line end at the end of the file" : "line too long";
	return false;
}

/* Octets [at, at + n) of the file. */
static bool copy_out(table *t, uint64_t at, char *to, size_t n)
{
	span octets;
	while (n) {
		if (!block_at(t, at, &octets))
			return false;
		if (!octets.n) {
			t->error = changed;
			return false;
		}
		size_t take = octets.n < n ? octets.n : n;
		memcpy(to, octets.p, take);
		to += take;
		at += take;
		n -= take;
	}
	return true;
}

/* `key` and its colon against the line at `at`; no key is a beginning of another, its colon
 * counted. */
static bool compare(table *t, span key, uint64_t at, uint64_t end, int *order)
{
	char line[ORDER_KEY_MAX + 1];
	size_t n = end - at < sizeof line ? (size_t)(end - at) : sizeof line;
	if (!copy_out(t, at, line, n))
		return false;
	const char *colon = memchr(line, ':', n);
	if (!colon || colon == line) {
		t->error = "no key and colon in the line";
		return false;
	}
	size_t have = (size_t)(colon - line), common = have < key.n ? have : key.n;
	*order = memcmp(line, key.p, common);
	if (*order == 0 &&
	    have != key.n) /* the order of `key:`: the shorter one goes where its colon does */
		*order = have < key.n ? ':' - (unsigned char)key.p[have]
				      : (unsigned char)line[key.n] - ':';
	return true;
}

/* The first line whose key is not below `key`, in [*lo, size). Lines are found by octet: of the
 * range [lo, mid_end) no line start is known yet, behind it there is none before hi. */
static bool search(table *t, span key, uint64_t *lo)
{
	uint64_t hi = t->size, probe_end = t->size;
	*lo = t->start;
	while (*lo < probe_end) {
		uint64_t mid = *lo + (probe_end - *lo) / 2, at = *lo, end;
		int order;
		if (mid > *lo && !line_end(t, mid - 1, &at))
			return false;
		if (at >= hi) {
			probe_end = mid;
			continue;
		}
		if (!line_end(t, at, &end) || !compare(t, key, at, end, &order))
			return false;
		if (order < 0) {
			*lo = end;
		} else {
			hi = at;
			probe_end = mid;
		}
	}
	return true;
}

static bool skip_comments(table *t)
{
	t->start = 0;
	while (t->start < t->size) {
		char c;
		if (!copy_out(t, t->start, &c, 1))
			return false;
		if (c != '#' && c != '\n')
			break;
		if (!line_end(t, t->start, &t->start))
			return false;
	}
	return true;
}

/* A text file with the wrong mode is no program; execvp(3) would hand it to a shell, line by line. */
static bool is_program(const char *path)
{
	char magic[4] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	ssize_t n = file_pread(fd, magic, sizeof magic, 0);
	(void)close(fd);
	return n == (ssize_t)sizeof magic &&
	       (memcmp(magic, "#!", 2) == 0 || memcmp(magic, "\177ELF", 4) == 0);
}

static enum table_result open_again(table *t, const struct stat *st)
{
	struct stat now;
	forget(t);
	t->error = "cannot be opened";
	if (!S_ISREG(st->st_mode)) {
		t->error = "is not a file";
		return TABLE_ERROR;
	}
	if (st->st_mode & 0111) {
		t->error = "has the mode of a program, but is none";
		if (!is_program(t->path))
			return TABLE_ERROR;
		t->program = coproc_new(t->path);
		t->id = order_id_of(st);
		return TABLE_FOUND;
	}
	t->fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (t->fd < 0)
		return errno == ENOENT ? TABLE_NONE : TABLE_ERROR;
	if (fstat(t->fd, &now) < 0 || !S_ISREG(now.st_mode) || now.st_mode & 0111) {
		forget(t);
		return TABLE_ERROR;
	}
	t->id = order_id_of(&now);
	t->size = (uint64_t)now.st_size;
	if (!t->blocks)
		t->blocks = xmalloc((size_t)SLOTS * BLOCK);
	t->error = NULL;
	if (skip_comments(t))
		return TABLE_FOUND;
	forget(t);
	return TABLE_ERROR;
}

/* Makes the handle that of the file as it is now: TABLE_FOUND, TABLE_NONE or TABLE_ERROR. */
static enum table_result refresh(table *t)
{
	struct stat st;
	t->error = NULL;
	t->touched = false;
	if (stat(t->path, &st) < 0) {
		int error = errno;
		forget(t);
		t->error = error == ENOENT ? "missing" : "cannot be opened";
		return error == ENOENT ? TABLE_NONE : TABLE_ERROR;
	}
	order_id id = order_id_of(&st);
	if ((t->fd >= 0 || t->program) && order_id_eq(&id, &t->id) &&
	    (t->program || !order_id_fresh(&id)))
		return TABLE_FOUND;
	if (t->program && order_id_eq(&id, &t->id))
		return TABLE_FOUND;
	return open_again(t, &st);
}

/* What is wrong with the file as a whole, with the line; NULL where nothing is. */
static const char *check_now(table *t, size_t *line)
{
	const char *wrong = order_check(t->fd, line);
	t->touched = true;
	if (!wrong && !order_id_fresh(&t->id)) {
		t->ordered = true;
		if (t->size >= REMEMBER_FROM)
			order_remember(t->name, &t->id);
	}
	return wrong;
}

/* What was answered from kept blocks alone is the answer of the file as refresh() saw it. */
static bool unchanged(table *t)
{
	struct stat st;
	if (!t->touched)
		return true;
	if (fstat(t->fd, &st) < 0)
		return false;
	order_id id = order_id_of(&st);
	return order_id_eq(&id, &t->id);
}

/* "Not found" is believed only here. */
static enum table_result believe_absent(table *t, size_t *line)
{
	if (!t->ordered && t->size >= REMEMBER_FROM && !order_id_fresh(&t->id))
		t->ordered = order_known(t->name, &t->id);
	if (!t->ordered && (t->error = check_now(t, line)))
		return TABLE_ERROR;
	if (unchanged(t))
		return TABLE_ABSENT;
	t->error = changed;
	return TABLE_ERROR;
}

/* The search met a line that is none: the whole check says which. */
static enum table_result broken(table *t, size_t *line)
{
	const char *found = t->error, *wrong = order_check(t->fd, line);
	if (!wrong)
		*line = 0;
	t->error = wrong ? wrong : found;
	return TABLE_ERROR;
}

/* The entry in an open file, or its place. */
static enum table_result find(table *t, span key, uint64_t *from, uint64_t *to, size_t *line)
{
	int order = 1;
	uint64_t next;
	if (!search(t, key, from))
		return broken(t, line);
	*to = *from;
	if (*from < t->size && (!line_end(t, *from, to) || !compare(t, key, *from, *to, &order)))
		return broken(t, line);
	if (order != 0) {
		*to = *from;
		return believe_absent(t, line);
	}
	order = 1;
	if (*to < t->size && (!line_end(t, *to, &next) || !compare(t, key, *to, next, &order)))
		return broken(t, line);
	if (order == 0) {
		t->error = "key is there twice";
		return broken(t, line);
	}
	return TABLE_FOUND;
}

static bool possible(span key)
{
	return key.n && key.n <= ORDER_KEY_MAX && !memchr(key.p, ':', key.n) &&
	       !memchr(key.p, '\n', key.n) && !memchr(key.p, '\r', key.n) &&
	       !memchr(key.p, 0, key.n);
}

static enum table_result ask_program(table *t, span key, arena *a, span *value)
{
	if (!coproc_ask(t->program, key, a, value, &t->error))
		return TABLE_ERROR;
	return value->n ? TABLE_FOUND : TABLE_ABSENT;
}

static enum table_result take_value(table *t, span key, uint64_t from, uint64_t to, arena *a,
				    span *value, size_t *line)
{
	size_t n = (size_t)(to - from) - key.n - 2;
	char *p = arena_alloc(a, n + 1);
	if (!p) {
		t->error = "value too long";
		return TABLE_ERROR;
	}
	if (!copy_out(t, from + key.n + 1, p, n))
		return broken(t, line);
	if (n && p[n - 1] == '\r') {
		t->error = "carriage return at the end of the line";
		return broken(t, line);
	}
	*value = span_of(p, n);
	return TABLE_FOUND;
}

static enum table_result get(table *t, span key, arena *a, span *value, size_t *line)
{
	uint64_t from, to;
	*line = 0;
	*value = S("");
	enum table_result r = refresh(t);
	if (r == TABLE_FOUND && !possible(key))
		return TABLE_ABSENT;
	if (r == TABLE_FOUND && t->program)
		r = ask_program(t, key, a, value);
	else if (r == TABLE_FOUND && (r = find(t, key, &from, &to, line)) == TABLE_FOUND)
		r = take_value(t, key, from, to, a, value, line);
	return r;
}

enum table_result table_get(table *t, span key, arena *a, span *value, const char **error,
			    size_t *line)
{
	enum table_result r = get(t, key, a, value, line);
	for (int i = 1; i < TRIES && r == TABLE_ERROR && t->error == changed; i++) {
		forget(t);
		r = get(t, key, a, value, line);
	}
	*error = t->error ? t->error : "";
	return r;
}

static enum table_result place(table *t, span key, uint64_t *from, uint64_t *to, size_t *line)
{
	*line = 0;
	*from = *to = 0;
	enum table_result r = refresh(t);
	if (r == TABLE_FOUND && (t->program || !possible(key))) {
		t->error = t->program ? "is a program" : "a key that no line can hold";
		r = TABLE_ERROR;
	}
	return r == TABLE_FOUND ? find(t, key, from, to, line) : r;
}

enum table_result table_place(table *t, span key, uint64_t *from, uint64_t *to, const char **error,
			      size_t *line)
{
	enum table_result r = place(t, key, from, to, line);
	for (int i = 1; i < TRIES && r == TABLE_ERROR && t->error == changed; i++) {
		forget(t);
		r = place(t, key, from, to, line);
	}
	*error = t->error ? t->error : "";
	return r;
}

enum table_result table_check(table *t, const char **error, size_t *line)
{
	*line = 0;
	enum table_result r = refresh(t);
	if (r == TABLE_FOUND && !t->program && (t->error = check_now(t, line)))
		r = TABLE_ERROR;
	*error = t->error ? t->error : "";
	return r;
}

size_t table_line(table *t, span key)
{
	uint64_t from, to, at = 0;
	const char *error;
	size_t line;
	if (table_place(t, key, &from, &to, &error, &line) != TABLE_FOUND)
		return 0;
	for (line = 1; at < from; line++)
		if (!line_end(t, at, &at))
			return 0;
	return line;
}

enum table_result table_next(table *t, uint64_t *at, arena *a, span *key, span *value)
{
	uint64_t end;
	enum table_result r = refresh(t);
	if (r != TABLE_FOUND)
		return r;
	if (t->program)
		return TABLE_ERROR;
	if (*at < t->start)
		*at = t->start;
	if (*at >= t->size)
		return TABLE_ABSENT;
	if (!line_end(t, *at, &end))
		return TABLE_ERROR;
	size_t n = (size_t)(end - *at) - 1;
	char *p = arena_alloc(a, n + 1);
	if (!p || !copy_out(t, *at, p, n))
		return TABLE_ERROR;
	*value = span_of(p, n);
	*key = span_cut(value, ':');
	if (!key->n || key->n > ORDER_KEY_MAX || key->n == n)
		return TABLE_ERROR;
	*at = end;
	return TABLE_FOUND;
}
