#include "smtp/stuff.h"

#include <string.h>

static bool has_eight_bit(span s)
{
	uint64_t all = 0, word;
	size_t i = 0;
	for (; i + sizeof word <= s.n; i += sizeof word) {
		memcpy(&word, s.p + i, sizeof word);
		all |= word;
	}
	for (; i < s.n; i++)
		all |= (unsigned char)s.p[i];
	return (all & UINT64_C(0x8080808080808080)) != 0;
}

/* Counts the LFs, and the octets of lines. */
static uint64_t look_at_lines(stuff_facts *f, span s)
{
	uint64_t n = 0;
	size_t at = 0;
	while (at < s.n) {
		size_t lf = at + span_find(span_sub(s, at, s.n), '\n');
		size_t most = STUFF_LINE_MAX + (lf ? s.p[lf - 1] == '\r' : f->cr_last);
		f->line += lf - at;
		f->long_line = f->long_line || f->line > most;
		if (lf == s.n)
			break;
		f->line = 0;
		n++;
		at = lf + 1;
	}
	return n;
}

/* CRs are rare (a foreign file): each costs a look at what follows. */
static void look_at_crs(stuff_facts *f, span s)
{
	const char *at = s.p, *end = s.p + s.n;
	while (at < end && (at = memchr(at, '\r', (size_t)(end - at)))) {
		at++;
		if (at < end && *at == '\n')
			f->wire--; /* its CR is there already */
		else if (at < end)
			f->bare_cr = true;
	}
}

void stuff_look(stuff_facts *f, span s)
{
	if (s.n == 0)
		return;
	if (f->cr_last && s.p[0] == '\n')
		f->wire--;
	else if (f->cr_last)
		f->bare_cr = true;
	f->octets += s.n;
	f->wire += s.n + look_at_lines(f, s);
	f->eight_bit = f->eight_bit || has_eight_bit(s);
	look_at_crs(f, s);
	f->cr_last = s.p[s.n - 1] == '\r';
	f->lf_last = s.p[s.n - 1] == '\n';
}

void stuff_look_end(stuff_facts *f)
{
	if (f->cr_last)
		f->bare_cr = true;
	if (f->octets && !f->lf_last)
		f->wire += 2;
}

static size_t put(char *to, const char *what, size_t n)
{
	memcpy(to, what, n);
	return n;
}

size_t stuff_some(stuff *s, span *from, char *to, size_t room)
{
	size_t n = 0;
	while (from->n && room - n >= 4) {
		if (s->cr && from->p[0] != '\n') {
			to[n++] = ' ';
			s->in_line = true;
		}
		s->cr = false;
		if (!s->in_line && from->p[0] == '.')
			to[n++] = '.';
		size_t most = room - n - 2; /* two are for the line end */
		if (most > from->n)
			most = from->n;
		const char *lf = memchr(from->p, '\n', most);
		size_t run = lf ? (size_t)(lf - from->p) : most;
		const char *cr = memchr(from->p, '\r', run);
		if (cr)
			run = (size_t)(cr - from->p);
		n += put(to + n, from->p, run);
		s->in_line = s->in_line || run;
		if (cr) {
			s->cr = true;
			run++;
		} else if (lf) {
			n += put(to + n, "\r\n", 2);
			s->in_line = false;
			run++;
		}
		*from = span_sub(*from, run, from->n);
	}
	return n;
}

size_t stuff_end(stuff *s, char to[static STUFF_END_ROOM])
{
	size_t n = 0;
	if (s->cr) {
		to[n++] = ' ';
		s->in_line = true;
	}
	if (s->in_line)
		n += put(to + n, "\r\n", 2);
	n += put(to + n, ".\r\n", 3);
	*s = (stuff){.in_line = false};
	return n;
}
