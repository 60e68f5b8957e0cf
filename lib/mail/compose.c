/* The parts nest like this, each level only where it is needed:
 *
 *     multipart/mixed { multipart/alternative { text/plain, text/html }, attachment … }
 *
 * A boundary holds "=_", which neither base64 nor quoted-printable can hold (RFC 2045, 6.7), and a token that was
 * never used before, for the parts that are not encoded. */
#include "mail/compose.h"

#include "mail/charset.h"
#include "mail/code.h"

typedef struct writer {
	const compose *c;
	attachment_put *put;
	void *arg;
} writer;

static void puts_to(const writer *w, span s)
{
	w->put(w->arg, s);
}

static void put_boundary(const writer *w, span level)
{
	puts_to(w, S("=_"));
	puts_to(w, level);
	puts_to(w, S("."));
	puts_to(w, w->c->token);
}

static void open_multipart(const writer *w, span level, bool eight_bit)
{
	if (eight_bit)
		puts_to(w, S("Content-Transfer-Encoding: 8bit\n"));
	puts_to(w, S("Content-Type: multipart/"));
	puts_to(w, level);
	puts_to(w, S(";\n boundary=\""));
	put_boundary(w, level);
	puts_to(w, S("\"\n\n"));
}

static void delimiter(const writer *w, span level, span before, span after)
{
	puts_to(w, before);
	puts_to(w, S("--"));
	put_boundary(w, level);
	puts_to(w, after);
}

/* In a multipart the last line end of a body belongs to the delimiter; a text gets one of its own. */
static void put_text(const writer *w, span subtype, span text)
{
	enum part_encoding encoding = code_choose(text, true, w->c->eight_bit);
	puts_to(w, S("Content-Type: text/"));
	puts_to(w, subtype);
	puts_to(w, S("; charset="));
	puts_to(w, charset_of_utf8(text));
	puts_to(w, S("\n"));
	if (encoding != PART_7BIT) {
		puts_to(w, S("Content-Transfer-Encoding: "));
		puts_to(w, code_name(encoding));
		puts_to(w, S("\n"));
	}
	puts_to(w, S("\n"));
	attachment_encode(text, encoding, true, w->put, w->arg);
	if (text.n && (encoding == PART_7BIT || encoding == PART_8BIT) && !span_ends(text, S("\n")))
		puts_to(w, S("\n"));
}

static bool body_is_8bit(const compose *c)
{
	return code_choose(c->text, true, c->eight_bit) == PART_8BIT ||
	       code_choose(c->html, true, c->eight_bit) == PART_8BIT;
}

static void put_body(const writer *w)
{
	const compose *c = w->c;
	if (!c->html.n) {
		put_text(w, S("plain"), c->text);
		return;
	}
	open_multipart(w, S("alternative"), body_is_8bit(c));
	delimiter(w, S("alternative"), S(""), S("\n"));
	put_text(w, S("plain"), c->text);
	delimiter(w, S("alternative"), S("\n"), S("\n"));
	put_text(w, S("html"), c->html);
	delimiter(w, S("alternative"), S("\n"), S("--\n"));
}

void compose_write(const compose *c, attachment_put *put, void *arg)
{
	writer w = {c, put, arg};
	puts_to(&w, c->fields);
	puts_to(&w, S("MIME-Version: 1.0\n"));
	if (c->count == 0) {
		put_body(&w);
		return;
	}
	bool eight_bit = body_is_8bit(c);
	for (size_t i = 0; i < c->count && !eight_bit; i++)
		eight_bit = attachment_is_8bit(c->parts + i);
	open_multipart(&w, S("mixed"), eight_bit);
	delimiter(&w, S("mixed"), S(""), S("\n"));
	put_body(&w);
	for (size_t i = 0; i < c->count; i++) {
		delimiter(&w, S("mixed"), S("\n"), S("\n"));
		attachment_write(c->parts + i, put, arg);
	}
	delimiter(&w, S("mixed"), S("\n"), S("--\n"));
}
