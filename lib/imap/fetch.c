/* FETCH over many messages. Nothing of a message's answer is written before all that it needs is read: what is gone has
 * none. */
#include "imap/fetch.h"

#include <errno.h>
#include <stdlib.h>

#include "base/die.h"
#include "imap/answer.h"

enum { LINE_ROOM = 64 * 1024 };

static bool wanted(const imap_fetch *f, folder_msg m)
{
	return !f->since_given || m.modseq > f->since;
}

/* Those that lack \Seen get it, in one write; where that cannot be they are read without it. */
static size_t *see(imap_answer *r, const size_t *indexes, size_t count)
{
	size_t n = 0, *seen;
	if (!r->f->sees || r->box->read_only)
		return NULL;
	seen = xmalloc((count + 1) * sizeof *seen);
	for (size_t k = 0; k < count; k++) {
		folder_msg m = folder_at(r->box->f, indexes[k]);
		if (wanted(r->f, m) && !(m.flags & FOLDER_SEEN))
			seen[n++] = indexes[k];
	}
	status st = n ? folder_store(r->box->f, seen, n, FOLDER_ADD, FOLDER_SEEN, 0) : status_ok();
	r->seen = seen;
	r->seen_n = status_is_ok(&st) ? n : 0;
	return seen;
}

/* Sizes that no name tells are counted for stretches of messages, for each costs a sync. */
static status measure(const imap_answer *r, const size_t *indexes, size_t count)
{
	status st = status_ok();
	if (!(r->f->kinds >> IMAP_ITEM_SIZE & 1))
		return st;
	for (size_t k = 0; k < count && status_is_ok(&st); k++) {
		size_t from = k;
		if (folder_at(r->box->f, indexes[k]).wire)
			continue;
		while (k + 1 < count && indexes[k + 1] == indexes[k] + 1)
			k++;
		st = folder_measure(r->box->f, indexes[from], indexes[k] + 1);
	}
	return st;
}

/* The answers, as far as the client takes them. */
static enum imap_done answer_all(imap_answer *r, const size_t *indexes, size_t count, status *why)
{
	enum imap_done done = IMAP_DONE_OK;
	for (size_t k = 0; k < count && !r->box->out->error; k++) {
		if (!wanted(r->f, folder_at(r->box->f, indexes[k])))
			continue;
		if (imap_answer_prepare(r, indexes[k])) {
			imap_answer_write(r);
		} else if (errno == ENOENT) {
			done = done == IMAP_DONE_OK ? IMAP_DONE_GONE : done;
		} else {
			*why = status_doubt("read a message: %s", strerror(errno));
			done = IMAP_DONE_NO;
		}
		if (r->full)
			cache_write(r->box->cache, r->box->f);
		r->full = false;
	}
	return done;
}

enum imap_done imap_fetch_run(imap_box *box, const imap_fetch *f, const size_t *indexes,
			      size_t count, status *why)
{
	imap_answer r = {.box = box, .f = f};
	enum imap_done done = IMAP_DONE_NO;
	imap_answer_begin(&r);
	size_t *seen = see(&r, indexes, count);
	*why = measure(&r, indexes, count);
	if (status_is_ok(why))
		done = answer_all(&r, indexes, count, why);
	imap_answer_end(&r);
	free(seen);
	return done;
}

void imap_fetch_tell(const imap_box *box, size_t index, bool uid)
{
	str line = str_new(LINE_ROOM);
	imap_answer_flags(box, index, uid, &line);
	out_put(box->out, str_span(&line));
	str_free(&line);
}

void imap_fetch_tell_modseq(const imap_box *box, size_t index, bool uid)
{
	str line = str_new(LINE_ROOM);
	imap_answer_modseq(box, index, uid, &line);
	out_put(box->out, str_span(&line));
	str_free(&line);
}
