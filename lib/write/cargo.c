#include "write/cargo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/conv.h"
#include "mail/charset.h"
#include "mail/field.h"
#include "mail/original.h"
#include "mail/utf8.h"
#include "maildir/store.h"

enum { MEM_MAX = 64 << 20, PROBLEM_MAX = 4096, TREE_MAX = 256 << 20 };

void cargo_init(cargo *c, bool eight_bit)
{
	c->count = 0;
	c->mem = arena_new(MEM_MAX);
	c->magic = NULL;
	c->input = (span){NULL, 0};
	c->eight_bit = eight_bit;
	c->problem = str_new(PROBLEM_MAX);
}

void cargo_free(cargo *c)
{
	for (size_t i = 0; i < c->count; i++)
		map_close(&c->maps[i]);
	c->count = 0;
	sniff_close(c->magic);
	c->magic = NULL;
	arena_free(&c->mem);
	str_free(&c->problem);
}

char *cargo_path(arena *mem, span path)
{
	const char *home = getenv("HOME");
	if (!span_starts(path, S("~/")) || !home)
		return arena_cstr(mem, path);
	str whole = str_new(path.n + strlen(home) + 1);
	(void)str_put(&whole, span_str(home));
	(void)str_put(&whole, span_sub(path, 1, path.n));
	char *kept = arena_cstr(mem, str_span(&whole));
	str_free(&whole);
	return kept;
}

static bool fail(cargo *c, span what, const char *why)
{
	str_clear(&c->problem);
	(void)str_put(&c->problem, span_sub(what, 0, 2000));
	(void)str_put(&c->problem, S(": "));
	(void)str_put(&c->problem, span_str(why));
	return false;
}

/* A new slot with a map of the file on fd; -1: of `input`. */
static bool take(cargo *c, int fd, span what, attachment **made)
{
	if (c->count == CARGO_MAX)
		return fail(c, what, "too many attachments");
	if (fd < 0)
		c->maps[c->count] = (map){.octets = c->input};
	else if (!map_open(&c->maps[c->count], fd, INT64_MAX))
		return fail(c, what, strerror(errno));
	*made = &c->parts[c->count];
	**made = (attachment){.octets = c->maps[c->count++].octets,
			      .type = S(""),
			      .charset = S(""),
			      .name = S(""),
			      .content_id = S(""),
			      .header = S("")};
	return true;
}

/* Names are UTF-8; what is none is read as what it seems to be. */
static span name_of(cargo *c, span name)
{
	if (utf8_valid(name))
		return arena_dup(&c->mem, name);
	conv *converters = conv_new();
	charset_opener opener = conv_opener(converters);
	str text = str_new(4096);
	(void)charset_text(&opener, S(""), name, &text);
	span kept = arena_dup(&c->mem, str_span(&text));
	str_free(&text);
	conv_free(converters);
	return kept;
}

bool cargo_fd(cargo *c, int fd, span type, span name)
{
	attachment *a;
	str sniffed = str_new(256);
	if (!take(c, fd, name, &a))
		return false;
	if (!c->magic && !type.n && !(c->magic = sniff_open()))
		return fail(c, S("libmagic"), strerror(errno));
	if (!type.n)
		sniff_type(c->magic, a->octets, &sniffed);
	a->name = name_of(c, name);
	a->type = arena_dup(&c->mem, type.n ? type : str_span(&sniffed));
	str_free(&sniffed);
	if (!a->name.p || !a->type.p)
		return fail(c, name, "too many attachments");
	if (!type.n)
		a->type = attachment_type(a->type, a->name);
	attachment_judge(a, type.n > 0, c->eight_bit);
	return true;
}

bool cargo_file(cargo *c, span path, span type, span as)
{
	char *file = cargo_path(&c->mem, path);
	if (!file || memchr(path.p, 0, path.n))
		return fail(c, path, "no name of a file");
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fail(c, path, strerror(errno));
	if (!as.n)
		as = span_sub(path, span_rfind(path, '/') < path.n ? span_rfind(path, '/') + 1 : 0,
			      path.n);
	bool done = cargo_fd(c, fd, type, as);
	(void)close(fd);
	return done;
}

/* A slot with the whole message. */
static bool take_message(cargo *c, span path, attachment **a)
{
	if (c->input.p && span_eq(path, S("-")))
		return take(c, -1, path, a);
	char *file = cargo_path(&c->mem, path);
	int fd = file && !memchr(path.p, 0, path.n) ? store_open(file, NULL) : -1;
	if (fd < 0)
		return fail(c, path, file ? strerror(errno) : "no name of a file");
	bool done = take(c, fd, path, a);
	(void)close(fd);
	if (done && span_starts((*a)->octets, S("From "))) /* out of an mbox */
		(void)span_cut(&(*a)->octets, '\n');
	return done;
}

bool cargo_part(cargo *c, span number, span path)
{
	attachment *a;
	part_tree t;
	if (!take_message(c, path, &a))
		return false;
	arena tree = arena_new(TREE_MAX);
	uint32_t at = part_parse(a->octets, &tree, &t) ? part_by_number(&t, number) : PART_NONE;
	if (at != PART_NONE) {
		str fields = str_new(1 << 20);
		original_fields(t.parts + at, &fields);
		a->header = fields.n ? arena_dup(&c->mem, str_span(&fields))
				     : S("Content-Type: text/plain\n");
		a->octets = t.parts[at].body;
		str_free(&fields);
	}
	arena_free(&tree);
	return at != PART_NONE && a->header.p ? true : fail(c, path, "it has no such part");
}

/* Lines that end in CRLF and fit: written with LF they need no encoding. */
static bool is_crlf(span s)
{
	size_t column = 0;
	for (size_t i = 0; i < s.n; i++) {
		column = s.p[i] == '\n' ? 0 : column + 1;
		if (s.p[i] == 0 || column > 999 ||
		    (s.p[i] == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n')))
			return false;
	}
	return true;
}

bool cargo_message(cargo *c, span path)
{
	attachment *a;
	if (!take_message(c, path, &a))
		return false;
	a->type = S("message/rfc822");
	a->shown = true;
	attachment_judge(a, false, true);
	if (is_crlf(a->octets)) {
		a->type = S("message/rfc822");
		a->encoding = !field_needs_words(a->octets) ? PART_7BIT : PART_8BIT;
	} else if (!span_eqi(a->type, S("message/rfc822"))) {
		a->name = S("message.eml");
		a->shown = false;
	}
	return true;
}
