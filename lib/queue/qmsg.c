/* Claiming and reading. Why it is safe at every moment:
 *
 * - The writer holds the lock from before the name is in new/ until it has said yes (queue/qadd.c),
 *   so a claim of a message that is not yet confirmed is QMSG_BUSY.
 * - After the lock is ours, the name must still lead to the file that we locked: the runner before us
 *   may have renamed (deferred) or unlinked (finished) it between our open and our flock.
 * - A file with no lock whose first line does not hold for the whole of it was never confirmed: the
 *   first line is durable together with all the rest before anybody said yes.
 * - The lock dies with the last descriptor, those of workers included. A killed runner leaves no
 *   trace, and nothing has to be repaired. */
#include "queue/qmsg.h"

#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "io/file.h"
#include "io/sum.h"

static const int64_t ARRIVED_MAX = 999999999999;
static const uint64_t LENGTH_MAX = 9999999999999999;

enum {
	CHUNK = 65536,
	MEM_MAX = 64 << 20,	 /* envelopes: 10,000 recipients with their parameters fit */
	ENVELOPE_MAX = 21 << 20, /* octets of envelope lines: 10,000 of the longest */
};

/* By hand: a list of the queue does this for each message. */
static void put_digits(uint64_t v, unsigned base, size_t n, char *to)
{
	while (n) {
		to[--n] = "0123456789ABCDEF"[v % base];
		v /= base;
	}
}

void qmsg_first_line(char line[static QMSG_LINE], uint64_t length, uint32_t sum, const char *id,
		     int64_t arrived)
{
	memset(line, ' ', QMSG_LINE);
	memcpy(line, "PABAL1", 6);
	if (length <= LENGTH_MAX) /* without it the line does not hold */
		put_digits(length, 10, 16, line + 7);
	put_digits(sum, 16, 8, line + 24);
	memcpy(line + 33, id, strnlen(id, QID_LEN));
	put_digits(arrived < 0 || arrived > ARRIVED_MAX ? 0 : (uint64_t)arrived, 10, 12, line + 58);
	line[QMSG_LINE - 1] = '\n';
}

bool qmsg_head_parse(span line, qmsg_head *head)
{
	span rest = line;
	char *end, sum[9] = "";
	if (line.n != QMSG_LINE || line.p[QMSG_LINE - 1] != '\n' || memchr(line.p, 0, line.n))
		return false;
	if (!span_eq(span_word(&rest), S("PABAL1")))
		return false;
	span length = span_word(&rest), crc = span_word(&rest), id = span_word(&rest);
	span arrived = span_word(&rest);
	if (length.n != 16 || !span_u64(length, INT64_MAX, &head->length) || crc.n != 8)
		return false;
	uint64_t when;
	if (!qid_valid(id) || arrived.n != 12 || !span_u64(arrived, INT64_MAX, &when))
		return false;
	memcpy(sum, crc.p, 8);
	head->sum = (uint32_t)strtoul(sum, &end, 16);
	head->arrived = (int64_t)when;
	memcpy(head->id, id.p, QID_LEN);
	head->id[QID_LEN] = 0;
	/* Only what qmsg_first_line() writes: no sign, no lower case, no other blanks. */
	char again[QMSG_LINE];
	qmsg_first_line(again, head->length, head->sum, head->id, head->arrived);
	return *end == 0 && memcmp(again, line.p, QMSG_LINE) == 0;
}

/* "new/ID", "hold/ID", "failed/ID" or "later/XX/TIME.ID". */
static bool id_of_name(const char *name, char id[static QID_LEN + 1])
{
	span s = span_str(name);
	size_t slash = span_rfind(s, '/');
	span last = slash < s.n ? span_sub(s, slash + 1, s.n) : s;
	size_t dot = span_find(last, '.');
	if (dot < last.n)
		last = span_sub(last, dot + 1, last.n);
	if (!qid_valid(last) || s.n >= sizeof((qmsg *)NULL)->name)
		return false;
	memcpy(id, last.p, QID_LEN);
	id[QID_LEN] = 0;
	return true;
}

/* The envelope from the front of a file whose rest may stay unread. `text` is in m->mem; it grows while
 * the commit mark is not in it, and is parsed once. */
static enum qmsg_result read_envelope(qmsg *m, span text, uint64_t length)
{
	size_t used, line;
	while (text.n < length && text.n < ENVELOPE_MAX && !memmem(text.p, text.n, "\nDATA\n", 6)) {
		uint64_t more = (uint64_t)text.n * 4 + CHUNK;
		more = more < ENVELOPE_MAX ? more : ENVELOPE_MAX;
		more = more < length ? more : length;
		char *buf = arena_alloc(&m->mem, (size_t)more);
		ssize_t n = buf ? file_pread(m->fd, buf, (size_t)more, QMSG_LINE) : -1;
		if (n < 0)
			return QMSG_ERROR;
		if ((uint64_t)n < more)
			return QMSG_PARTIAL; /* shorter than a moment ago */
		text = span_of(buf, (size_t)n);
	}
	if (envelope_parse(text, &m->mem, &m->env, &used, &line) != ENVELOPE_OK)
		return QMSG_DAMAGED;
	m->offset = (off_t)(QMSG_LINE + used);
	m->size = length - used;
	return QMSG_OK;
}

/* CRC of octets [from, end of file). */
static bool sum_rest(int fd, off_t from, uint32_t *sum, uint64_t *octets)
{
	char *buf = malloc(CHUNK);
	ssize_t n = -1;
	while (buf && (n = file_pread(fd, buf, CHUNK, from)) > 0) {
		*sum = sum_crc32(*sum, span_of(buf, (size_t)n));
		*octets += (size_t)n;
		from += n;
	}
	free(buf);
	return n == 0;
}

/* First line, sum, envelope of the open file. */
static enum qmsg_result check(qmsg *m, off_t file_size, bool sums)
{
	qmsg_head head;
	size_t room = file_size > CHUNK ? CHUNK : (size_t)file_size;
	if (file_size < QMSG_LINE)
		return QMSG_PARTIAL;
	char *buf = arena_alloc(&m->mem, room);
	ssize_t n = buf ? file_pread(m->fd, buf, room, 0) : -1;
	if (n < 0)
		return QMSG_ERROR;
	if (n < QMSG_LINE || !qmsg_head_parse(span_of(buf, QMSG_LINE), &head) ||
	    strcmp(head.id, m->id) != 0 || head.length != (uint64_t)file_size - QMSG_LINE)
		return QMSG_PARTIAL;
	span text = span_of(buf + QMSG_LINE, (size_t)n - QMSG_LINE);
	uint64_t octets = text.n;
	m->arrived = head.arrived;
	if (!sums) {
		enum qmsg_result r = read_envelope(m, text, head.length);
		if (r != QMSG_DAMAGED)
			return r;
		/* Of a file that a crash left partial the envelope may be missing: the sum tells. */
	}
	uint32_t sum = sum_crc32(0, text);
	if (octets < head.length && !sum_rest(m->fd, QMSG_LINE + (off_t)octets, &sum, &octets))
		return QMSG_ERROR;
	if (octets != head.length || sum != head.sum)
		return QMSG_PARTIAL;
	return read_envelope(m, text, head.length);
}

/* Whether the name still leads to the file that was opened (and locked) by it. */
static enum qmsg_result still_there(int queue_dir, const char *name, const struct stat *opened)
{
	struct stat st;
	if (fstatat(queue_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? QMSG_BUSY : QMSG_ERROR;
	return st.st_dev == opened->st_dev && st.st_ino == opened->st_ino ? QMSG_OK : QMSG_BUSY;
}

enum how { CLAIM, READ, PEEK };

static enum qmsg_result open_checked(int queue_dir, const char *name, qmsg *m, enum how how)
{
	struct stat st;
	*m = (qmsg){.fd = -1, .mem = arena_new(MEM_MAX)};
	if (!id_of_name(name, m->id)) {
		errno = EINVAL;
		return QMSG_ERROR;
	}
	memcpy(m->name, name, strlen(name) + 1);
	m->fd = openat(queue_dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (m->fd < 0)
		return errno == ENOENT ? QMSG_BUSY : QMSG_ERROR;
	if (how == CLAIM && flock(m->fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? QMSG_BUSY : QMSG_ERROR;
	if (fstat(m->fd, &st) < 0)
		return QMSG_ERROR;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return QMSG_ERROR;
	}
	enum qmsg_result r = how == CLAIM ? still_there(queue_dir, name, &st) : QMSG_OK;
	return r == QMSG_OK ? check(m, st.st_size, how != PEEK) : r;
}

static enum qmsg_result open_or_close(int queue_dir, const char *name, qmsg *m, enum how how)
{
	enum qmsg_result r = open_checked(queue_dir, name, m, how);
	if (r != QMSG_OK) {
		int saved = errno;
		qmsg_close(m);
		errno = saved;
	}
	return r;
}

enum qmsg_result qmsg_claim(int queue_dir, const char *name, qmsg *m)
{
	return open_or_close(queue_dir, name, m, CLAIM);
}

enum qmsg_result qmsg_read(int queue_dir, const char *name, qmsg *m)
{
	return open_or_close(queue_dir, name, m, READ);
}

enum qmsg_result qmsg_peek(int queue_dir, const char *name, qmsg *m)
{
	return open_or_close(queue_dir, name, m, PEEK);
}

void qmsg_close(qmsg *m)
{
	if (m->fd >= 0)
		(void)close(m->fd);
	m->fd = -1;
	arena_free(&m->mem);
}
