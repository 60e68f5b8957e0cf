#include "mail/match.h"

#include <string.h>

#include "mail/body.h"
#include "mail/fold.h"
#include "mail/header.h"
#include "mail/part.h"
#include "mail/word.h"

enum { TREE_ROOM = 64 << 20 };

match match_new(const charset_opener *opener)
{
	return (match){opener, str_new(MATCH_TEXT_MAX), str_new(MATCH_TEXT_MAX)};
}

void match_free(match *m)
{
	str_free(&m->text);
	str_free(&m->form);
}

span match_field(match *m, span body)
{
	str_clear(&m->text);
	word_decode(body, m->opener, &m->text);
	return str_span(&m->text);
}

/* Words of ASCII, in small letters, without blanks. */
static bool is_plain(span form)
{
	for (size_t i = 0; i < form.n; i++)
		if ((unsigned char)form.p[i] <= ' ' || (unsigned char)form.p[i] >= 0x7f)
			return false;
	return form.n > 0;
}

static const char *next(char c, const char *from, const char *end)
{
	const char *at = from < end ? memchr(from, c, (size_t)(end - from)) : NULL;
	return at ? at : end;
}

/* What fold_text() makes of other characters is never ASCII, blanks aside: such words are found without it. */
static bool find_plain(span text, span form)
{
	char small = form.p[0], capital = small >= 'a' && small <= 'z' ? (char)(small - 32) : small;
	if (text.n < form.n)
		return false;
	const char *end = text.p + (text.n - form.n) + 1; /* where it cannot begin any more */
	const char *s = next(small, text.p, end), *c = next(capital, text.p, end);
	while (s < end || c < end) {
		const char *at = s < c ? s : c;
		if (span_eqi((span){at, form.n}, form))
			return true;
		if (s == at)
			s = next(small, at + 1, end);
		if (c == at)
			c = next(capital, at + 1, end);
	}
	return false;
}

bool match_has(match *m, span utf8, span form)
{
	if (is_plain(form))
		return find_plain(utf8, form);
	str_clear(&m->form);
	fold_text(utf8, &m->form);
	return fold_find(str_span(&m->form), form);
}

bool match_header(match *m, span header, match_each *each, void *arg)
{
	header_field field;
	while (header_next(&header, &field) == HEADER_FIELD) {
		str_clear(&m->text);
		(void)str_put(&m->text, field.name);
		(void)str_put(&m->text, S(": "));
		word_decode(field.body, m->opener, &m->text);
		if (each(arg, m, str_span(&m->text)))
			return true;
	}
	return false;
}

/* A name may be written in a way that no field shows (RFC 2231). */
static bool shows_name(match *m, const part *p, match_each *each, void *arg)
{
	str_clear(&m->text);
	body_name(p, m->opener, &m->text);
	return m->text.n && each(arg, m, str_span(&m->text));
}

static bool shows_text(match *m, const part *p, match_each *each, void *arg)
{
	body_style style = {.opener = m->opener};
	if (p->kind != PART_LEAF ||
	    !(part_type_is(p, "text", NULL) || part_type_is(p, "message", NULL)))
		return false;
	str_clear(&m->text);
	body_text(p, &style, &m->text);
	return each(arg, m, str_span(&m->text));
}

static bool shows_part(match *m, const part_tree *tree, const part *p, unsigned where,
		       match_each *each, void *arg)
{
	bool own = p == tree->parts; /* its header is the message's */
	bool enclosed = !own && tree->parts[p->parent].kind == PART_MESSAGE;
	if (!own && (where & (enclosed ? MATCH_ENCLOSED : MATCH_PARTS)) &&
	    match_header(m, p->header, each, arg))
		return true;
	if ((where & MATCH_PARTS) && shows_name(m, p, each, arg))
		return true;
	return (where & MATCH_TEXTS) && shows_text(m, p, each, arg);
}

bool match_message(match *m, span message, unsigned where, match_each *each, void *arg)
{
	arena mem = arena_new(TREE_ROOM);
	part_tree tree;
	bool found = false;
	if (part_parse(message, &mem, &tree))
		for (size_t i = 0; !found && i < tree.count; i++)
			found = shows_part(m, &tree, tree.parts + i, where, each, arg);
	arena_free(&mem);
	return found;
}
