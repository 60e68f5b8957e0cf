#include "mail/seven_field.h"

#include <string.h>

#include "base/arena.h"
#include "mail/addr.h"
#include "mail/code.h"
#include "mail/field.h"
#include "mail/word.h"

enum {
	ADDRESSES_MAX = 10000000,
	ADDRESSES_ROOM = 1 << 30,
	FOLD_MAX = CODE_LINE_MAX - 1, /* a blank may come before it */
	NAME_KEPT = 76,		      /* RFC 5322, 3.6.8 */
};

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

void seven_question(span s, str *to)
{
	size_t from = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool bare_cr = c == '\r' && !(i + 1 < s.n && s.p[i + 1] == '\n');
		if (c && c < 0x80 && !bare_cr)
			continue;
		(void)str_put(to, span_sub(s, from, i));
		(void)str_putc(to, '?');
		from = i + 1;
	}
	(void)str_put(to, span_sub(s, from, s.n));
}

/* ---- lines that are too long */

/* Octets of the front of a line that stand before its last blank that is no indentation; 0: there is none. */
static size_t fold_at(span line)
{
	size_t first = 0, n = line.n < FOLD_MAX ? line.n : FOLD_MAX;
	while (first < n && blank(line.p[first]))
		first++;
	while (n > first && !blank(line.p[n - 1]))
		n--;
	return n > first ? n - 1 : 0;
}

/* The field with its folds and some more, LF at the end of each line. Without `cut` false where a line has no
 * blank to fold at; nothing is appended then. */
static bool refold(span raw, bool cut, str *to)
{
	size_t before = to->n, colon = span_find(raw, ':');
	if (colon >= FOLD_MAX) { /* a fold inside of a name would end the header */
		(void)str_put(to, span_sub(raw, 0, NAME_KEPT));
		raw = span_sub(raw, colon, raw.n);
	}
	while (raw.n) {
		span line = span_cut(&raw, '\n');
		line.n -= span_ends(line, S("\r"));
		while (line.n > FOLD_MAX) {
			size_t n = fold_at(line);
			if (n == 0 && !cut) {
				str_cut(to, before);
				return false;
			}
			(void)str_put(to, span_sub(line, 0, n ? n : FOLD_MAX));
			(void)str_put(to, n ? S("\n") : S("\n "));
			line = span_sub(line, n ? n : FOLD_MAX, line.n);
		}
		(void)str_put(to, line);
		(void)str_putc(to, '\n');
	}
	return true;
}

/* ---- */

static bool long_alone(span raw)
{
	str dots = str_new(raw.n + 1);
	seven_question(raw, &dots);
	bool same = span_eq(str_span(&dots), raw);
	str_free(&dots);
	return same;
}

static void see_address(void *arg, const addr *a, span name)
{
	bool *ascii = arg;
	(void)name;
	*ascii = *ascii && !a->utf8;
}

static bool addresses_ascii(span utf8)
{
	bool ascii = true;
	arena mem = arena_new(ADDRESSES_ROOM);
	(void)addr_list(utf8, &mem, ADDRESSES_MAX, see_address, &ascii);
	arena_free(&mem);
	return ascii;
}

/* The value as field_write() takes it. */
static void value(const header_field *f, enum field_kind kind, const charset_opener *opener,
		  str *to)
{
	if (kind == FIELD_TEXT) {
		word_decode(f->body, opener, to);
		return;
	}
	str line = str_new(f->body.n + 1);
	if (kind == FIELD_ADDRESSES)
		header_unfold(f->body, &line);
	else
		(void)str_put(&line, f->body);
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == 0)
			line.p[i] = '?';
		else if (line.p[i] == '\r' && kind != FIELD_PARAMETERS)
			line.p[i] = ' ';
	(void)charset_text(opener, S(""), str_span(&line), to);
	str_free(&line);
}

bool seven_field_can(const header_field *f, const charset_opener *opener)
{
	if (field_kind_of(f->name) != FIELD_ADDRESSES || long_alone(f->raw))
		return true;
	str text = str_new(f->body.n * 4 + 64);
	value(f, FIELD_ADDRESSES, opener, &text);
	bool ascii = addresses_ascii(str_span(&text));
	str_free(&text);
	return ascii;
}

void seven_field(const header_field *f, const charset_opener *opener, str *to)
{
	enum field_kind kind = field_kind_of(f->name);
	enum field_result done = FIELD_ASCII_ONLY;
	if (long_alone(f->raw) && refold(f->raw, false, to))
		return;
	if (kind != FIELD_TOKENS && field_name_ok(f->name)) {
		str text = str_new(f->body.n * 4 + 64);
		value(f, kind, opener, &text);
		if (!text.over)
			done = field_write(f->name, str_span(&text), true, opener, to);
		str_free(&text);
	}
	if (done == FIELD_OK)
		return;
	str plain = str_new(f->raw.n + 1);
	seven_question(f->raw, &plain);
	(void)refold(str_span(&plain), true, to);
	str_free(&plain);
}
