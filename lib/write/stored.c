#include "write/stored.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "mail/display.h"
#include "mail/header.h"
#include "mail/original.h"
#include "maildir/store.h"

enum { TREE_MAX = 256 << 20, TEXT_MAX = 256 << 20, PATH_ROOM = 4096 };

void stored_init(stored *s)
{
	*s = (stored){.mem = arena_new(TREE_MAX), .path = str_new(PATH_ROOM), .octets = S("")};
}

void stored_close(stored *s)
{
	map_close(&s->m);
	arena_free(&s->mem);
	str_free(&s->path);
}

status stored_open(stored *s, const char *path)
{
	bool input = strcmp(path, "-") == 0;
	header_field f;
	int fd = input ? STDIN_FILENO : store_open(path, &s->path);
	bool done = fd >= 0 && map_open(&s->m, fd, INT64_MAX);
	int error = errno;
	if (input)
		(void)str_putc(&s->path, '-');
	if (fd >= 0 && !input)
		(void)close(fd);
	if (!done)
		return status_make(EX_NOINPUT, 0, "", "%s: %s", path, strerror(error));
	s->octets = s->m.octets;
	if (span_starts(s->octets, S("From ")))
		(void)span_cut(&s->octets, '\n');
	span rest = s->octets;
	if (header_next(&rest, &f) != HEADER_FIELD)
		return status_make(EX_DATAERR, 0, "", "%s: this is no message", path);
	if (!part_parse(s->octets, &s->mem, &s->tree))
		return status_make(EX_DATAERR, 0, "", "%s: too many parts", path);
	return status_ok();
}

void stored_text(const stored *s, const charset_opener *opener, str *to)
{
	body_style style = {.opener = opener, .columns = STORED_COLUMNS};
	original_text(&s->tree, &style, to);
}

typedef struct carrying {
	const stored *s;
	draft *d;
} carrying;

static void carry(void *arg, uint32_t index)
{
	carrying *c = arg;
	str value = str_new(PATH_ROOM * 2);
	part_number(&c->s->tree, index, &value);
	(void)str_putc(&value, ' ');
	(void)str_put(&value, str_span(&c->s->path));
	draft_add(c->d, S("Attach-Part"), str_span(&value));
	str_free(&value);
}

void stored_carry(const stored *s, draft *d)
{
	carrying c = {s, d};
	original_parts(&s->tree, carry, &c);
}

void stored_draft(const stored *s, const charset_opener *opener, draft *d)
{
	draft_read(d, s->octets, opener);
	if (!d->mime)
		return;
	str body = str_new(TEXT_MAX);
	stored_text(s, opener, &body);
	d->not_utf8 = false;
	draft_set_body(d, str_span(&body));
	stored_carry(s, d);
	str_free(&body);
}

/* What a terminal would obey is not for the answer either. */
static void safe_text(const stored *s, const charset_opener *opener, str *to)
{
	str text = str_new(TEXT_MAX);
	stored_text(s, opener, &text);
	display_safe(str_span(&text), false, to);
	str_free(&text);
}

void stored_quote(const stored *s, const inreply *r, str *to)
{
	str text = str_new(TEXT_MAX);
	safe_text(s, r->opener, &text);
	inreply_attribution(r, to);
	inreply_quote(str_span(&text), to);
	str_free(&text);
}

void stored_forward(const stored *s, const inreply *r, str *to)
{
	str text = str_new(TEXT_MAX);
	safe_text(s, r->opener, &text);
	inreply_forward_text(r, str_span(&text), to);
	str_free(&text);
}
