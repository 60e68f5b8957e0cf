#include "imap/section.h"

#include <string.h>

#include "imap/text.h"
#include "mail/header.h"

enum { LABEL_MAX = 1 << 20 };

/* ---- reading */

/* section-part: 1*(nz-number "."), the last dot left where a keyword follows. */
static bool read_path(imap_scan *s, imap_section *to, bool *goes_on)
{
	uint32_t path[PART_DEPTH_MAX + 1], number;
	while (s->rest.n && ascii_digit((unsigned char)*s->rest.p)) {
		if (to->depth == PART_DEPTH_MAX + 1 || !imap_number(s, &number) || !number)
			return false;
		path[to->depth++] = number;
		*goes_on = imap_char(s, '.');
		if (!*goes_on)
			break;
	}
	if (!to->depth)
		return true;
	to->path = arena_alloc(s->mem, to->depth * sizeof *path);
	if (to->path)
		memcpy(to->path, path, to->depth * sizeof *path);
	return to->path != NULL;
}

static bool add_name(imap_scan *s, imap_section *to, size_t *room)
{
	if (to->names_n == IMAP_SECTION_FIELDS_MAX)
		return false;
	if (to->names_n == *room) {
		*room = *room ? 2 * *room : 8;
		span *more = arena_alloc(s->mem, *room * sizeof *more);
		if (!more)
			return false;
		if (to->names_n)
			memcpy(more, to->names, to->names_n * sizeof *more);
		to->names = more;
	}
	return imap_astring(s, &to->names[to->names_n++]);
}

static bool read_names(imap_scan *s, imap_section *to)
{
	size_t room = 0;
	if (!imap_sp(s) || !imap_char(s, '('))
		return false;
	do
		if (!add_name(s, to, &room))
			return false;
	while (imap_sp(s));
	return imap_char(s, ')');
}

static bool read_text(imap_scan *s, imap_section *to)
{
	if (imap_word(s, "HEADER"))
		to->what = IMAP_HEADER;
	else if (imap_word(s, "HEADER.FIELDS"))
		to->what = IMAP_FIELDS;
	else if (imap_word(s, "HEADER.FIELDS.NOT"))
		to->what = IMAP_FIELDS_NOT;
	else if (imap_word(s, "TEXT"))
		to->what = IMAP_TEXT;
	else if (to->depth && imap_word(s, "MIME"))
		to->what = IMAP_MIME;
	else
		return false;
	bool fields = to->what == IMAP_FIELDS || to->what == IMAP_FIELDS_NOT;
	return !fields || read_names(s, to);
}

static bool read_partial(imap_scan *s, imap_section *to)
{
	if (!imap_char(s, '<'))
		return true;
	to->partial = true;
	return imap_number(s, &to->from) && imap_char(s, '.') && imap_number(s, &to->count) &&
	       to->count && imap_char(s, '>');
}

/* ---- the label */

static bool is_plain(span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!imap_is_atom_char((unsigned char)name.p[i]))
			return false;
	return name.n > 0;
}

static void put_names(const imap_section *s, str *to)
{
	for (size_t i = 0; i < s->names_n; i++) {
		(void)str_putc(to, i ? ' ' : '(');
		if (is_plain(s->names[i]))
			(void)str_put(to, s->names[i]);
		else
			imap_put_string(s->names[i], to);
	}
	(void)str_putc(to, ')');
}

static bool make_label(arena *mem, imap_section *s)
{
	static const char *const words[] = {
	    "", "HEADER", "HEADER.FIELDS ", "HEADER.FIELDS.NOT ", "TEXT", "MIME"};
	str label = str_new(LABEL_MAX);
	(void)str_put(&label, S("BODY["));
	for (size_t i = 0; i < s->depth; i++)
		(void)str_printf(&label, i ? ".%u" : "%u", s->path[i]);
	if (s->depth && s->what != IMAP_WHOLE)
		(void)str_putc(&label, '.');
	(void)str_put(&label, span_str(words[s->what]));
	if (s->names_n)
		put_names(s, &label);
	(void)str_putc(&label, ']');
	if (s->partial)
		(void)str_printf(&label, "<%u>", s->from);
	s->label = label.over ? (span){NULL, 0} : arena_dup(mem, str_span(&label));
	str_free(&label);
	return s->label.p != NULL;
}

bool imap_section_parse(imap_scan *s, imap_section *to)
{
	*to = (imap_section){.what = IMAP_WHOLE};
	bool dot = false;
	if (!read_path(s, to, &dot))
		return false;
	bool whole = to->depth ? !dot : s->rest.n && *s->rest.p == ']';
	if ((!whole && !read_text(s, to)) || !imap_char(s, ']'))
		return false;
	return read_partial(s, to) && make_label(s->mem, to);
}

/* ---- finding */

bool imap_section_at_top(const imap_section *s)
{
	return s->depth == 0;
}

bool imap_section_in_header(const imap_section *s)
{
	return s->depth == 0 && s->what != IMAP_WHOLE && s->what != IMAP_TEXT;
}

bool imap_section_top(const imap_section *s, span message, span *octets)
{
	*octets = message;
	if (s->what == IMAP_WHOLE)
		return true;
	span text = span_sub(message, header_mbox_line(message), message.n);
	size_t n = header_size(text);
	*octets = s->what == IMAP_TEXT ? span_sub(text, n, text.n) : span_sub(text, 0, n);
	return true;
}

static uint32_t child_by_number(const part_tree *t, uint32_t of, uint32_t number)
{
	uint32_t i = t->parts[of].child;
	while (i != PART_NONE && t->parts[i].number != number)
		i = t->parts[i].next;
	return i;
}

/* A message's parts are those of its multipart, or its body is part 1 (RFC 3501, 6.4.5). */
static uint32_t part_of_message(const part_tree *t, uint32_t message, uint32_t number)
{
	if (t->parts[message].kind == PART_MULTIPART)
		return child_by_number(t, message, number);
	return number == 1 ? message : PART_NONE;
}

static uint32_t go_down(const part_tree *t, const imap_section *s)
{
	uint32_t at = part_of_message(t, 0, s->path[0]);
	for (size_t i = 1; at != PART_NONE && i < s->depth; i++) {
		const part *p = &t->parts[at];
		if (p->kind == PART_MESSAGE && p->child != PART_NONE)
			at = part_of_message(t, p->child, s->path[i]);
		else if (p->kind == PART_MULTIPART)
			at = child_by_number(t, at, s->path[i]);
		else
			return PART_NONE;
	}
	return at;
}

bool imap_section_find(const imap_section *s, const part_tree *t, span *octets)
{
	if (s->depth == 0)
		return imap_section_top(s, t->message, octets);
	uint32_t at = go_down(t, s);
	if (at == PART_NONE)
		return false;
	const part *p = &t->parts[at];
	if (s->what == IMAP_WHOLE || s->what == IMAP_MIME) {
		*octets = s->what == IMAP_WHOLE ? p->body : p->header;
		return true;
	}
	if (p->kind != PART_MESSAGE || p->child == PART_NONE)
		return false;
	p = &t->parts[p->child];
	*octets = s->what == IMAP_TEXT ? p->body : p->header;
	return true;
}

bool imap_section_has(const imap_section *s, span name)
{
	for (size_t i = 0; i < s->names_n; i++)
		if (s->names[i].n == name.n && span_eqi(s->names[i], name))
			return true;
	return false;
}

void imap_section_fields(const imap_section *s, span header, str *to)
{
	header_field f;
	while (header_next(&header, &f) == HEADER_FIELD) {
		if (imap_section_has(s, f.name) != (s->what == IMAP_FIELDS))
			continue;
		(void)str_put(to, f.raw);
		if (f.raw.p[f.raw.n - 1] != '\n')
			(void)str_putc(to, '\n');
	}
	(void)str_put(to, S("\r\n"));
}
