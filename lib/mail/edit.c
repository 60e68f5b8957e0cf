#include "mail/edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"

static void grow(edit *e)
{
	if (e->n == e->room) {
		e->room = e->room ? e->room * 2 : 64;
		e->fields = xrealloc(e->fields, e->room, sizeof *e->fields);
	}
}

void edit_open(edit *e, span message)
{
	size_t line = span_find(message, '\n');
	header_field field;
	size_t mbox = header_mbox_line(message);
	*e =
	    (edit){.front = span_sub(message, 0, mbox), .tail = span_sub(message, mbox, message.n)};
	e->crlf = line > 0 && line < message.n && message.p[line - 1] == '\r';
	span rest = e->tail;
	while (header_next(&rest, &field) == HEADER_FIELD) {
		grow(e);
		e->fields[e->n++] = (edit_field){field, NULL};
		e->tail = rest;
	}
	e->bare = e->n == 0 && e->tail.n && !span_starts(e->tail, S("\n")) &&
		  !span_starts(e->tail, S("\r\n"));
}

void edit_free(edit *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->fields[i].owned);
	free(e->fields);
	*e = (edit){.front = S(""), .tail = S("")};
}

/* The text with the message's line ends, as a field of its own. */
static edit_field make(const edit *e, span text)
{
	edit_field made = {.owned = xmalloc(text.n * 2 + 1)};
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n' && e->crlf)
			made.owned[n++] = '\r';
		made.owned[n++] = text.p[i];
	}
	span rest = span_of(made.owned, n);
	if (header_next(&rest, &made.field) != HEADER_FIELD)
		made.field = (header_field){span_of(made.owned, n), S(""), S("")};
	return made;
}

void edit_append(edit *e, span text)
{
	grow(e);
	e->fields[e->n++] = make(e, text);
	e->edited = true;
}

void edit_insert(edit *e, span text)
{
	edit_append(e, text);
	edit_field made = e->fields[e->n - 1];
	memmove(e->fields + 1, e->fields, (e->n - 1) * sizeof *e->fields);
	e->fields[0] = made;
}

void edit_replace(edit *e, size_t index, span text)
{
	edit_field made = make(e, text);
	free(e->fields[index].owned);
	e->fields[index] = made;
	e->edited = true;
}

static size_t drop(edit *e, span name, size_t from)
{
	size_t kept = from;
	for (size_t i = from; i < e->n; i++) {
		if (span_eqi(e->fields[i].field.name, name))
			free(e->fields[i].owned);
		else
			e->fields[kept++] = e->fields[i];
	}
	size_t gone = e->n - kept;
	e->n = kept;
	e->edited = e->edited || gone;
	return gone;
}

size_t edit_delete(edit *e, span name)
{
	return drop(e, name, 0);
}

void edit_set(edit *e, span name, span text)
{
	size_t i = 0;
	while (i < e->n && !span_eqi(e->fields[i].field.name, name))
		i++;
	if (i == e->n) {
		edit_append(e, text);
		return;
	}
	edit_replace(e, i, text);
	(void)drop(e, name, i + 1);
}

void edit_write(const edit *e, edit_put *put, void *arg)
{
	span end = e->crlf ? S("\r\n") : S("\n");
	bool open = e->front.n && !span_ends(e->front, S("\n")); /* the line before has no end */
	put(arg, e->front);
	for (size_t i = 0; i < e->n; i++) {
		if (open)
			put(arg, end);
		put(arg, e->fields[i].field.raw);
		open = !span_ends(e->fields[i].field.raw, S("\n"));
	}
	if (e->bare && e->n)
		put(arg, end);
}
