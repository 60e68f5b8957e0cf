#include "imap/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "io/file.h"
#include "mail/header.h"

enum {
	ROOM = 256 * 1024, /* larger messages are mapped */
	FIRST = 8192,	   /* octets in which most headers end */
	TREE_MAX = 128 << 20,
};

void imap_reading_begin(imap_reading *r, folder *f)
{
	*r = (imap_reading){.f = f, .fd = -1, .mem = arena_new(TREE_MAX)};
}

static void leave(imap_reading *r)
{
	if (r->fd >= 0)
		(void)close(r->fd);
	map_close(&r->map);
	if (r->parsed)
		arena_reset(&r->mem);
	r->fd = -1;
	r->octets = S("");
	r->whole = r->parsed = false;
}

void imap_reading_end(imap_reading *r)
{
	leave(r);
	free(r->buf);
	r->buf = NULL;
	arena_free(&r->mem);
}

bool imap_reading_open(imap_reading *r, size_t index)
{
	leave(r);
	r->fd = folder_open_msg(r->f, index);
	if (r->fd >= 0 && !r->buf)
		r->buf = xmalloc(ROOM);
	return r->fd >= 0;
}

/* Whether it is known that the buffer is too small for it. */
static bool is_large(const imap_reading *r)
{
	struct stat st;
	return r->octets.n == 0 && fstat(r->fd, &st) == 0 && st.st_size > ROOM;
}

/* At least so many octets, where there are. */
static bool read_up_to(imap_reading *r, size_t want)
{
	if (r->whole || r->octets.n >= want)
		return true;
	if (want <= ROOM) {
		size_t have = r->octets.n;
		ssize_t n = file_pread(r->fd, r->buf + have, want - have, (off_t)have);
		if (n < 0)
			return false;
		r->octets = span_of(r->buf, have + (size_t)n);
		r->whole = r->octets.n < want;
		return true;
	}
	if (!map_open(&r->map, r->fd, SIZE_MAX))
		return false;
	r->octets = r->map.octets;
	r->whole = true;
	return true;
}

bool imap_reading_whole(imap_reading *r, span *message)
{
	bool done = (is_large(r) || read_up_to(r, ROOM)) && (r->whole || read_up_to(r, SIZE_MAX));
	*message = r->octets;
	return done;
}

bool imap_reading_header(imap_reading *r, span *header)
{
	for (size_t want = FIRST;; want *= 4) {
		if (!read_up_to(r, want))
			return false;
		span text = span_sub(r->octets, header_mbox_line(r->octets), r->octets.n);
		span rest = text;
		header_field f;
		enum header_result last;
		while ((last = header_next(&rest, &f)) == HEADER_FIELD)
			;
		*header = span_sub(text, 0, text.n - rest.n);
		if (r->whole || !header_is_cut(last, rest))
			return true;
	}
}

const part_tree *imap_reading_tree(imap_reading *r)
{
	span message;
	if (r->parsed)
		return &r->tree;
	if (!imap_reading_whole(r, &message))
		return NULL;
	r->parsed = true;
	if (part_parse(message, &r->mem, &r->tree))
		return &r->tree;
	errno = EMSGSIZE;
	return NULL;
}
