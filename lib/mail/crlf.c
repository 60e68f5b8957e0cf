#include "mail/crlf.h"

#include <string.h>

/* As much of a line as fits: `line` holds its LF where it is all there. Returns the octets taken of it. */
static size_t piece(crlf *w, span line, char *to, size_t room, size_t *written)
{
	size_t at = 0;
	if (w->dots && !w->in_line && line.p[0] == '.')
		to[at++] = '.';
	bool whole = line.p[line.n - 1] == '\n';
	size_t text = line.n - whole;
	if (text > room - at - 2) { /* always room for a line end */
		text = room - at - 2;
		whole = false;
	}
	memcpy(to + at, line.p, text);
	at += text;
	if (text) {
		w->in_line = true;
		w->cr = line.p[text - 1] == '\r';
	}
	if (whole) {
		if (!w->cr)
			to[at++] = '\r';
		to[at++] = '\n';
		w->in_line = w->cr = false;
	}
	*written = at;
	return text + whole;
}

size_t crlf_some(crlf *w, span *from, char *to, size_t room)
{
	size_t at = 0;
	while (from->n && room - at >= CRLF_ROOM) {
		size_t written, lf = span_find(*from, '\n');
		size_t taken = piece(w, span_of(from->p, lf < from->n ? lf + 1 : lf), to + at,
				     room - at, &written);
		at += written;
		*from = span_of(from->p + taken, from->n - taken);
	}
	return at;
}

uint64_t crlf_size(span chunk, bool *cr, uint64_t *lines)
{
	const char *at = chunk.p, *end = chunk.p + chunk.n, *lf;
	uint64_t bare = 0, all = 0;
	while (at < end && (lf = memchr(at, '\n', (size_t)(end - at)))) {
		bare += lf == chunk.p ? !*cr : lf[-1] != '\r';
		all++;
		at = lf + 1;
	}
	if (chunk.n)
		*cr = end[-1] == '\r';
	if (lines)
		*lines += all;
	return chunk.n + bare;
}
