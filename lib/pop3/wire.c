#include "pop3/wire.h"

#include <string.h>

/* As much of a line as fits: `line` holds its LF where it is all there. Returns the octets taken of it. */
static size_t piece(pop3_wire *w, span line, char *to, size_t room, size_t *written)
{
	size_t at = 0;
	if (!w->in_line && line.p[0] == '.')
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

size_t pop3_wire_some(pop3_wire *w, span *from, char *to, size_t room)
{
	size_t at = 0;
	while (from->n && room - at >= POP3_WIRE_ROOM) {
		size_t written, lf = span_find(*from, '\n');
		size_t taken = piece(w, span_of(from->p, lf < from->n ? lf + 1 : lf), to + at,
				     room - at, &written);
		at += written;
		*from = span_of(from->p + taken, from->n - taken);
	}
	return at;
}

size_t pop3_wire_end(pop3_wire *w, char to[static POP3_END_ROOM])
{
	size_t at = 0;
	if (w->in_line) {
		if (!w->cr)
			to[at++] = '\r';
		to[at++] = '\n';
	}
	memcpy(to + at, ".\r\n", 3);
	return at + 3;
}

/* At the LF of a line. */
static void end_line(pop3_top *t)
{
	bool empty = t->line == 0 || (t->line == 1 && t->cr);
	if (t->in_body)
		t->lines--;
	else if (empty)
		t->in_body = true;
	t->line = 0;
	t->cr = false;
	t->done = t->in_body && t->lines == 0;
}

size_t pop3_top_some(pop3_top *t, span chunk)
{
	size_t at = 0;
	while (at < chunk.n && !t->done) {
		span rest = span_of(chunk.p + at, chunk.n - at);
		size_t lf = span_find(rest, '\n');
		if (lf)
			t->cr = rest.p[lf - 1] == '\r';
		t->line += lf;
		at += lf;
		if (lf < rest.n) {
			at++;
			end_line(t);
		}
	}
	return at;
}
