#include "pop3/wire.h"

#include <string.h>

size_t pop3_wire_end(const crlf *w, char to[static POP3_END_ROOM])
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
