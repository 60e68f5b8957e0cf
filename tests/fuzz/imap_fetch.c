/* links: imap maildir mail io base : z */
/* What stands behind the set of a FETCH, and pieces of a text. What must hold: the label of a section is read again as
 * the same section; a piece is a piece of the whole, from nowhere and from the place before it. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "imap/fetch_item.h"
#include "imap/literal.h"
#include "mail/crlf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void labels(const struct imap_fetch *f, arena *mem)
{
	for (size_t i = 0; i < f->n && i < 20; i++) {
		const imap_section *s = &f->items[i].section;
		imap_section again;
		if (f->items[i].kind != IMAP_ITEM_SECTION || !span_startsi(s->label, S("BODY[")))
			continue;
		str text = str_new(1 << 20);
		span label = s->label;
		if (s->partial)
			label.n = span_rfind(label, '<');
		(void)str_put(&text, span_sub(label, 5, label.n));
		imap_scan scan = {.rest = str_span(&text), .mem = mem};
		if (!imap_section_parse(&scan, &again) || !imap_end(&scan) ||
		    again.what != s->what || again.depth != s->depth ||
		    again.names_n != s->names_n || !span_eq(again.label, label))
			abort();
		str_free(&text);
	}
}

static size_t sent(out *o, char *to, size_t room)
{
	if (!out_flush(o))
		abort();
	off_t n = lseek(o->fd, 0, SEEK_CUR);
	if (n < 0 || (size_t)n > room || pread(o->fd, to, (size_t)n, 0) != n ||
	    ftruncate(o->fd, 0) < 0 || lseek(o->fd, 0, SEEK_SET) != 0)
		abort();
	span text = span_of(to, (size_t)n);
	size_t head = span_find(text, '\n') + 1;
	uint64_t said;
	if (text.p[0] != '{' || !span_u64(span_sub(text, 1, head - 3), SIZE_MAX, &said) ||
	    said != text.n - head)
		abort();
	memmove(to, to + head, text.n - head);
	return text.n - head;
}

static void pieces(span text, size_t step)
{
	static int fd = -1;
	size_t room = 2 * text.n + 64, n;
	char *buf = malloc(IMAP_LITERAL_ROOM), *all = malloc(room), *piece = malloc(room);
	imap_mark mark = {.at = 0};
	out o;
	if (fd < 0)
		fd = memfd_create("wire", 0);
	out_open(&o, fd, 4096);
	imap_literal_put(&o, buf, text);
	n = sent(&o, all, room);
	for (size_t from = 0; from <= n && from < 40 * step; from += step) {
		imap_literal_part(&o, buf, text, from, step, &mark);
		span want = span_sub(span_of(all, n), from, from + step);
		if (!span_eq(span_of(piece, sent(&o, piece, room)), want))
			abort();
	}
	out_close(&o);
	free(buf);
	free(all);
	free(piece);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena mem = arena_new(4 << 20);
	if (size < 2)
		return 0;
	span text = span_of((const char *)data + 1, size - 1);
	imap_scan s = {.rest = text, .mem = &mem};
	imap_fetch *f = imap_fetch_parse(&s, data[0] & 1);
	if (f && (!f->n || f->n > IMAP_ITEMS_MAX || !imap_end(&s)))
		abort();
	if (f)
		labels(f, &mem);
	pieces(text, data[0] / 2 + 1);
	arena_free(&mem);
	return 0;
}
