#include "imap/literal.h"

#include <string.h>

#include "mail/crlf.h"

enum { STEP = 64 * 1024 };

static void put_count(out *o, uint64_t n)
{
	out_putc(o, '{');
	out_putu(o, n);
	out_put(o, S("}\r\n"));
}

/* Goes on while the wire form is not longer than `until`: to the last octet of the text that begins at or before it, or a
 * whole octet further. */
static void advance(span text, imap_mark *m, uint64_t until)
{
	while (m->at < text.n && m->wire < until) {
		span rest = span_sub(text, m->at, text.n), chunk = span_sub(rest, 0, STEP);
		if (chunk.n > until - m->wire)
			chunk.n = until - m->wire;
		bool cr = m->cr;
		uint64_t wire = crlf_size(chunk, &cr, NULL);
		while (chunk.n > 1 && wire > until - m->wire) {
			chunk.n = chunk.n / 2;
			cr = m->cr;
			wire = crlf_size(chunk, &cr, NULL);
		}
		if (wire > until - m->wire) /* between the CR and the LF of a line end */
			return;
		m->at += chunk.n;
		m->wire += wire;
		m->cr = cr;
	}
}

/* `count` octets of the wire form behind the first `drop` of it. */
static void convert(out *o, char *buf, span text, bool cr, size_t drop, uint64_t count)
{
	crlf c = {.cr = cr};
	while (text.n && count && !o->error) {
		size_t n = crlf_some(&c, &text, buf, IMAP_LITERAL_ROOM);
		span piece = span_sub(span_of(buf, n), drop, n);
		drop = 0;
		piece = span_sub(piece, 0, count < piece.n ? (size_t)count : piece.n);
		out_put(o, piece);
		count -= piece.n;
	}
}

void imap_literal_put(out *o, char *buf, span text)
{
	bool cr = false;
	if (text.n <= IMAP_LITERAL_ROOM / 2 - CRLF_ROOM) { /* its wire form fits: one pass */
		crlf c = {.cr = false};
		size_t n = crlf_some(&c, &text, buf, IMAP_LITERAL_ROOM);
		put_count(o, n);
		out_put(o, span_of(buf, n));
		return;
	}
	uint64_t n = crlf_size(text, &cr, NULL);
	put_count(o, n);
	convert(o, buf, text, false, 0, n);
}

void imap_literal_part(out *o, char *buf, span text, uint64_t from, uint64_t count, imap_mark *mark)
{
	if (mark->wire > from || mark->at > text.n)
		*mark = (imap_mark){.at = 0};
	advance(text, mark, from);
	imap_mark end = *mark;
	size_t drop = from > mark->wire && mark->at < text.n; /* its CR went before */
	if (from > mark->wire && !drop) {		      /* behind the end */
		put_count(o, 0);
		return;
	}
	advance(text, &end, from + count);
	bool half = end.at < text.n && end.wire < from + count;
	uint64_t n = end.wire + half - from;
	put_count(o, n);
	convert(o, buf, span_sub(text, mark->at, end.at + half), mark->cr, drop, n);
	*mark = end;
}
