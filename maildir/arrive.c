/* Messages that a session puts into a folder. In this order:
 *
 *     append     write tmp/NAME · sync it · lock · rename to cur/NAME · sync cur/ · log, synced
 *     copy       lock · link each to cur/NAME (where it cannot be linked, as append) · sync cur/ · log, synced
 *
 * A crash before the last step leaves the file in tmp/ (swept) or whole in cur/, without a UID: nobody has been told of
 * it, and it is a message all the same. */
#include <sys/stat.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/file.h"
#include "mail/crlf.h"
#include "io/out.h"
#include "maildir/move.h"
#include "maildir/name.h"
#include "maildir/piece.h"
#include "maildir/place.h"
#include "maildir/quota.h"
#include "maildir/room.h"

enum { CHUNK = 64 * 1024, AT_ONCE = 1024 };

typedef struct arrival {
	uint64_t octets, wire;
	unsigned open_end; /* octets that the last line lacks of its CRLF */
	int64_t date;
	char temp[NAME_MAX + 1]; /* in tmp/, "" where there is none */
	str name;		 /* in cur/ */
} arrival;

static bool copy_octets(int from, off_t offset, int to, arrival *a)
{
	char *buf = xmalloc(CHUNK);
	bool cr = false, done = true;
	ssize_t n;
	a->open_end = 0;
	while (done && (n = file_pread(from, buf, CHUNK, offset)) != 0) {
		if (n < 0) {
			done = false;
			break;
		}
		const span chunk = span_of(buf, (size_t)n);
		offset += n;
		a->octets += chunk.n;
		a->wire += crlf_size(chunk, &cr, NULL);
		a->open_end = buf[n - 1] == '\n' ? 0 : cr ? 1 : 2;
		done = write_all(to, chunk);
	}
	int error = errno;
	free(buf);
	errno = error;
	return done;
}

/* The time of the file is the internal date: it stays with the file wherever that goes. */
static bool stamp(int fd, int64_t date)
{
	const struct timespec times[2] = {{date, 0}, {date, 0}};
	return futimens(fd, times) == 0;
}

/* tmp/ has the whole message, durably, and the name that it will have in cur/ is made. */
static bool write_temp(folder *f, int fd, off_t offset, uint32_t flags, arrival *a)
{
	str base = str_new(NAME_MAX - 80);
	char path[NAME_MAX + 8];
	(void)name_base(clock_now(), S(""), S(""), S(""), S(""), &base);
	(void)snprintf(a->temp, sizeof a->temp, "%s", str_cstr(&base));
	(void)snprintf(path, sizeof path, "tmp/%s", a->temp);
	int to = openat(f->b.dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool done =
	    to >= 0 && copy_octets(fd, offset, to, a) && stamp(to, a->date) && file_sync(to);
	int error = errno;
	if (to < 0)
		*a->temp = 0;
	else if (close(to) < 0 &&
		 done) { /* a network file system may tell of a lack of space only now */
		done = false;
		error = errno;
	}
	name_sizes(a->octets, a->open_end ? 0 : a->wire, &base);
	name_with_flags(str_span(&base), roll_letters(flags), &a->name);
	done = done && !base.over && !a->name.over;
	str_free(&base);
	errno = error;
	return done;
}

static arrival arrival_new(int64_t date)
{
	return (arrival){.date = date, .name = str_new(NAME_MAX)};
}

static void arrival_free(folder *f, arrival *a)
{
	char path[NAME_MAX + 8];
	(void)snprintf(path, sizeof path, "tmp/%s", a->temp);
	if (*a->temp)
		(void)unlinkat(f->b.dir, path, 0);
	*a->temp = 0;
	str_free(&a->name);
}

static bool into_cur(folder *f, arrival *a)
{
	char path[NAME_MAX + 8];
	(void)snprintf(path, sizeof path, "tmp/%s", a->temp);
	if (!move_rename(f->b.dir, path, f->b.part[IN_CUR], str_cstr(&a->name)))
		return false;
	*a->temp = 0;
	return true;
}

static void put_message(folder *f, const arrival *a, uint64_t keywords, uint64_t modseq,
			uint32_t *uid)
{
	journal_record r = {.kind = JOURNAL_MESSAGE, .name = str_span(&a->name)};
	*uid = f->b.is.uidnext;
	r.entry = (roll_entry){.uid = *uid,
			       .modseq = modseq,
			       .keywords = keywords,
			       .date = a->date > 0 ? a->date : 0,
			       .octets = a->octets,
			       .wire = a->wire};
	books_put(&f->b, &r);
	if (!a->open_end)
		return;
	r.kind = JOURNAL_SIZES;
	r.entry.flags = a->open_end << ROLL_OPEN_SHIFT;
	books_put(&f->b, &r);
}

static status room_for(const folder *f, size_t count)
{
	if (f->b.is.uidnext < UINT32_MAX - count)
		return status_ok();
	return status_doubt("%s: all UIDs are used up", f->b.path);
}

static status append_locked(folder *f, const folder_new *n, arrival *a, uint32_t *uid)
{
	status st = books_lock(&f->b);
	if (!status_is_ok(&st))
		return st;
	st = room_for(f, 1);
	if (status_is_ok(&st) && (!into_cur(f, a) || !file_sync(f->b.part[IN_CUR])))
		st = books_error(&f->b, "put a message into");
	if (status_is_ok(&st)) {
		put_message(f, a, n->keywords, f->b.is.modseq + 1, uid);
		st = books_commit(&f->b);
	}
	books_unlock(&f->b);
	return st;
}

status folder_room(const folder *f, uint64_t octets)
{
	return maildir_room_own(f->b.path, octets);
}

static status room_for_file(const folder *f, const folder_new *n)
{
	struct stat st;
	if (fstat(n->fd, &st) < 0)
		return books_error(&f->b, "read a message for");
	return st.st_size > n->offset ? folder_room(f, (uint64_t)(st.st_size - n->offset))
				      : status_ok();
}

status folder_append(folder *f, const folder_new *n, uint32_t *uid)
{
	arrival a = arrival_new(n->date ? n->date : clock_now());
	status st = room_for_file(f, n);
	*uid = 0;
	if (status_is_ok(&st))
		st = write_temp(f, n->fd, n->offset, n->flags & FOLDER_FLAGS, &a)
			 ? append_locked(f, n, &a, uid)
			 : books_error(&f->b, "write a message into");
	if (status_is_ok(&st))
		maildir_used_add(f->b.path, a.octets);
	else
		*uid = 0;
	arrival_free(f, &a);
	return st;
}

/* ---- copies */

typedef struct copying {
	folder *from, *to;
	const uint64_t *bits; /* of the keywords: from's bit to to's */
	uint64_t modseq;
	bool placed;
} copying;

static bool copy_file(copying *c, size_t i, uint32_t flags, arrival *a)
{
	int fd = folder_open_msg(c->from, i);
	if (fd < 0)
		return false;
	bool done = write_temp(c->to, fd, 0, flags, a) && into_cur(c->to, a);
	int error = errno;
	(void)close(fd);
	errno = error;
	return done;
}

static bool cannot_link(int error)
{
	return error == EXDEV || error == EPERM || error == EMLINK || error == EOPNOTSUPP ||
	       error == ENOSYS;
}

/* A name in the other folder for the file of entry i; false with errno. */
static bool link_file(copying *c, size_t i, arrival *a)
{
	const roll_entry *e = &c->from->b.is.roll.v[i];
	place_search s;
	place_begin(&s, c->from, i);
	for (;;) {
		str_clear(&a->name);
		name_fresh(span_str(s.at.name), &a->name);
		if (span_find(str_span(&a->name), ':') == a->name.n)
			(void)str_put(&a->name, S(":2,"));
		errno = ENAMETOOLONG;
		if (*s.at.name && !a->name.over &&
		    linkat(c->from->b.part[s.at.is_new ? IN_NEW : IN_CUR], s.at.name,
			   c->to->b.part[IN_CUR], str_cstr(&a->name), 0) == 0) {
			a->octets = e->octets;
			a->wire = e->wire;
			a->open_end = (e->flags & ROLL_OPEN) >> ROLL_OPEN_SHIFT;
			return true;
		}
		int error = errno;
		if (cannot_link(error) || error == ENAMETOOLONG) {
			str_clear(&a->name);
			return copy_file(c, i, roll_flags(span_str(s.at.name), false), a);
		}
		errno = error;
		if (error != ENOENT || !place_again(&s))
			return false;
	}
}

static uint64_t keywords_there(const copying *c, uint64_t here)
{
	uint64_t there = 0;
	for (int i = 0; i < FOLDER_KEYWORDS; i++)
		if (here >> i & 1)
			there |= c->bits[i];
	return there;
}

static bool copy_one(copying *c, size_t i, uint32_t *uid)
{
	const roll_entry *e = &c->from->b.is.roll.v[i];
	arrival a = arrival_new(e->date);
	bool done = link_file(c, i, &a);
	int error = errno;
	if (done) {
		c->placed = true;
		put_message(c->to, &a, keywords_there(c, e->keywords), c->modseq, uid);
		maildir_used_add(c->to->b.path, a.octets);
	}
	arrival_free(c->to, &a);
	errno = error;
	return done || error == ENOENT;
}

static status copy_some(copying *c, const size_t *indexes, size_t count, uint32_t *uids)
{
	books *b = &c->to->b;
	status st = books_lock(b);
	if (!status_is_ok(&st))
		return st;
	c->modseq = b->is.modseq + 1;
	c->placed = false;
	st = room_for(c->to, count);
	for (size_t k = 0; status_is_ok(&st) && k < count; k++)
		if (indexes[k] < c->from->b.is.roll.n && !copy_one(c, indexes[k], &uids[k]))
			st = books_error(b, "copy a message into");
	if (c->placed && !file_sync(b->part[IN_CUR]) && status_is_ok(&st))
		st = books_error(b, "sync");
	status said = books_commit(b);
	books_unlock(b);
	return status_is_ok(&st) ? said : st;
}

status folder_copy(folder *from, const size_t *indexes, size_t count, folder *to, uint32_t *uids)
{
	uint64_t bits[FOLDER_KEYWORDS] = {0};
	copying c = {.from = from, .to = to, .bits = bits};
	status st = status_ok();
	for (int i = 0; i < FOLDER_KEYWORDS; i++) {
		int bit = folder_keyword_bit(to, folder_keyword(from, i), true);
		bits[i] = bit >= 0 ? (uint64_t)1 << bit : 0;
	}
	memset(uids, 0, count * sizeof *uids);
	for (size_t k = 0; status_is_ok(&st) && k < count; k += AT_ONCE)
		st =
		    copy_some(&c, indexes + k, count - k < AT_ONCE ? count - k : AT_ONCE, uids + k);
	return st;
}
