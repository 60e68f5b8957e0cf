#include "mail/uu.h"

#include <string.h>

bool uu_in(const part *p)
{
	return p->kind == PART_LEAF && part_type_is(p, "text", "plain") &&
	       (p->encoding == PART_7BIT || p->encoding == PART_8BIT || p->encoding == PART_BINARY);
}

static span take_line(span *rest)
{
	span line = span_cut(rest, '\n');
	return span_ends(line, S("\r")) ? span_sub(line, 0, line.n - 1) : line;
}

/* "begin 644 name" */
static bool begins(span line, span *name)
{
	size_t i = 6;
	if (!span_starts(line, S("begin ")))
		return false;
	while (i < line.n && line.p[i] >= '0' && line.p[i] <= '7')
		i++;
	if (i < 9 || i > 10 || i >= line.n || line.p[i] != ' ')
		return false;
	*name = span_trim(span_sub(line, i, line.n));
	return name->n > 0;
}

/* A count and as many characters as it asks for, or fewer (blanks at the end are lost on the way) or up
 * to two more (a check sum). No line that begins a file is one. */
static bool is_data(span line)
{
	if (line.n == 0)
		return true;
	size_t octets = ((unsigned char)line.p[0] - 32u) & 63u;
	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] < 32 || (unsigned char)line.p[i] > 96)
			return false;
	return line.n - 1 <= (octets + 2) / 3 * 4 + 2;
}

/* From the line behind "begin" to behind "end"; where something else comes first, to that line: what was
 * passed begins no other file. */
static bool skip_data(span *rest)
{
	for (span look = *rest; look.n; *rest = look) {
		span line = take_line(&look);
		if (!is_data(line)) {
			if (!span_eq(span_trim(line), S("end")))
				return false;
			*rest = look;
			return true;
		}
	}
	return false;
}

/* Where the next line that says "begin " starts, s a line's start itself; s.n where none does. */
static size_t find_begin(span s)
{
	if (span_starts(s, S("begin ")))
		return 0;
	const char *at = s.n ? memmem(s.p, s.n, "\nbegin ", 7) : NULL;
	return at ? (size_t)(at - s.p) + 1 : s.n;
}

bool uu_next(span *rest, uu_file *f)
{
	span look = *rest;
	for (size_t at; (at = find_begin(look)) < look.n;) {
		span from = look = span_sub(look, at, look.n);
		bool begun = begins(take_line(&look), &f->name);
		if (begun && skip_data(&look)) {
			f->before = span_of(rest->p, (size_t)(from.p - rest->p));
			f->lines = span_of(from.p, (size_t)(look.p - from.p));
			*rest = look;
			return true;
		}
	}
	return false;
}
