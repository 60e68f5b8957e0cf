#include "imap/describe.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/die.h"
#include "imap/envelope.h"
#include "imap/kept.h"
#include "imap/structure.h"
#include "io/file.h"
#include "mail/header.h"
#include "maildir/cache.h"
#include "maildir/name.h"

enum {
	LOOK =
	    64 * 1024, /* octets of a message that are read: of a longer one no structure is made */
	ARENA_MAX = 16 << 20,
};

struct imap_describer {
	char *buf;
	arena tree, scratch;
	str made[CACHE_PIECES];
};

imap_describer *imap_describer_new(void)
{
	imap_describer *d = xcalloc(1, sizeof *d);
	d->tree = arena_new(ARENA_MAX);
	d->scratch = arena_new(ARENA_MAX);
	for (int i = 0; i < CACHE_PIECES; i++)
		d->made[i] = str_new(LOOK);
	return d;
}

void imap_describer_free(imap_describer *d)
{
	free(d->buf);
	arena_free(&d->tree);
	arena_free(&d->scratch);
	for (int i = 0; i < CACHE_PIECES; i++)
		str_free(&d->made[i]);
	free(d);
}

/* The pieces that can be made of the front of a message. */
static void make(imap_describer *d, span text, bool whole, cache_record *r)
{
	part_tree tree;
	for (int i = 0; i < CACHE_PIECES; i++)
		str_clear(&d->made[i]);
	span front = span_sub(text, header_mbox_line(text), text.n);
	if (!whole && header_size(front) == front.n)
		return;
	imap_envelope(front, &d->scratch, &d->made[CACHE_ENVELOPE]);
	imap_kept_fields(front, &d->made[CACHE_HEADER]);
	r->piece[CACHE_ENVELOPE] = str_span(&d->made[CACHE_ENVELOPE]);
	if (!d->made[CACHE_HEADER].over)
		r->piece[CACHE_HEADER] = str_span(&d->made[CACHE_HEADER]);
	if (!whole)
		return;
	arena_reset(&d->tree);
	if (!part_parse(text, &d->tree, &tree))
		return;
	imap_structure(&tree, true, &d->scratch, &d->made[CACHE_BODYSTRUCTURE]);
	r->piece[CACHE_BODYSTRUCTURE] = str_span(&d->made[CACHE_BODYSTRUCTURE]);
}

static bool read_front(imap_describer *d, const char *path, span *text, bool *whole)
{
	int fd = file_open_read(AT_FDCWD, path);
	if (fd < 0)
		return false;
	if (!d->buf)
		d->buf = xmalloc(LOOK);
	ssize_t n = file_pread(fd, d->buf, LOOK, 0);
	(void)close(fd);
	*text = span_of(d->buf, n > 0 ? (size_t)n : 0);
	*whole = n < LOOK;
	return n > 0;
}

void imap_describe(imap_describer *d, const char *path)
{
	cache_record r = {.piece = {{NULL, 0}}};
	span file = span_str(path), text;
	bool whole;
	size_t slash = span_rfind(file, '/'), box = span_rfind(span_sub(file, 0, slash), '/');
	if (slash == file.n || box == slash)
		return;
	int fd = cache_open_note(span_sub(file, 0, box));
	if (fd < 0)
		return;
	if (read_front(d, path, &text, &whole)) {
		make(d, text, whole, &r);
		cache_note(fd, name_unique(span_sub(file, slash + 1, file.n)), &r);
	}
	(void)close(fd);
}
