#include "mail/field.h"

#include <string.h>

#include "base/arena.h"
#include "mail/param.h"
#include "mail/word.h"

enum { NAME_MAX_OCTETS = 76, COLUMNS = 78, ARENA_MAX = 16 << 20 };

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

bool field_name_ok(span name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || (unsigned char)name.p[i] >= 0x7f ||
		    name.p[i] == ':')
			return false;
	return name.n > 0 && name.n <= NAME_MAX_OCTETS;
}

bool field_needs_words(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x7f || s.p[i] == 0)
			return true;
	return false;
}

static bool is_one_of(span name, const char *const *names, size_t count)
{
	char first = name.n ? ascii_lower(name.p[0]) : 0;
	for (size_t i = 0; i < count; i++)
		if (first == ascii_lower(names[i][0]) && span_eqi(name, span_str(names[i])))
			return true;
	return false;
}

enum field_kind field_kind_of(span name)
{
	static const char *const addresses[] = {"From",
						"Sender",
						"Reply-To",
						"To",
						"Cc",
						"Bcc",
						"Errors-To",
						"List-Id",
						"Mail-Followup-To",
						"Mail-Reply-To",
						"Return-Path",
						"Delivered-To",
						"Return-Receipt-To",
						"X-Original-To",
						"Resent-From",
						"Resent-Sender",
						"Resent-Reply-To",
						"Resent-To",
						"Resent-Cc",
						"Resent-Bcc",
						"Apparently-To",
						"Original-From",
						"Approved",
						"Disposition-Notification-To"};
	static const char *const tokens[] = {"Message-ID",
					     "In-Reply-To",
					     "References",
					     "Date",
					     "Received",
					     "Resent-Message-ID",
					     "Resent-Date",
					     "MIME-Version",
					     "Content-ID",
					     "Content-Transfer-Encoding",
					     "DKIM-Signature",
					     "Authentication-Results",
					     "List-Unsubscribe",
					     "List-Post",
					     "List-Help",
					     "List-Archive",
					     "List-Subscribe",
					     "List-Owner",
					     "ARC-Seal",
					     "ARC-Message-Signature",
					     "ARC-Authentication-Results",
					     "Received-SPF",
					     "Content-Location",
					     "Auto-Submitted"};
	if (is_one_of(name, addresses, sizeof addresses / sizeof *addresses))
		return FIELD_ADDRESSES;
	if (is_one_of(name, tokens, sizeof tokens / sizeof *tokens))
		return FIELD_TOKENS;
	return span_eqi(name, S("Content-Type")) || span_eqi(name, S("Content-Disposition"))
		   ? FIELD_PARAMETERS
		   : FIELD_TEXT;
}

/* A piece that is not cut, behind a blank or on a line of its own where it would pass the columns. */
static void put_piece(span piece, size_t *column, str *to)
{
	bool fold = *column > 1 && *column + 1 + piece.n > COLUMNS;
	(void)str_put(to, fold ? S("\n ") : S(" "));
	(void)str_put(to, piece);
	*column = (fold ? 1 : *column + 1) + piece.n;
}

/* ---- a look at one octet of a structured field: where quotes, comments and brackets reach */

typedef struct nest {
	bool quote, angle, literal, escape;
	size_t comment;
} nest;

static bool outside(const nest *n)
{
	return !n->quote && !n->angle && !n->literal && n->comment == 0;
}

static void look(nest *n, char c)
{
	if (n->escape)
		n->escape = false;
	else if (c == '\\' && (n->quote || n->comment))
		n->escape = true;
	else if (c == '"' && !n->comment)
		n->quote = !n->quote;
	else if (c == '(' && !n->quote)
		n->comment++;
	else if (c == ')' && !n->quote)
		n->comment -= n->comment > 0;
	else if (!n->quote && !n->comment && (c == '<' || c == '>'))
		n->angle = c == '<';
	else if (!n->quote && !n->comment && (c == '[' || c == ']'))
		n->literal = c == '[';
}

static void write_tokens(span s, size_t *column, str *to)
{
	while ((s = span_trim(s)).n) {
		nest in = {0};
		size_t n = 0;
		for (; n < s.n && !(blank(s.p[n]) && !in.quote); n++)
			look(&in, s.p[n]);
		put_piece(span_sub(s, 0, n), column, to);
		s = span_sub(s, n, s.n);
	}
}

/* ---- addresses */

typedef struct writer {
	const charset_opener *opener;
	bool seven_bit;
	size_t *column;
	str *to;
} writer;

/* Without the quotes and backslashes of quoted strings. */
static void unquote(span s, str *to)
{
	bool in = false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			in = !in;
		else if (in && s.p[i] == '\\' && i + 1 < s.n)
			(void)str_putc(to, s.p[++i]);
		else
			(void)str_putc(to, s.p[i]);
	}
}

static void encode_words(writer *w, span text)
{
	str plain = str_new(text.n + 1), decoded = str_new(text.n * 4 + 64);
	unquote(text, &plain);
	word_decode(str_span(&plain), w->opener, &decoded);
	word_encode(str_span(&decoded), true, w->column, w->to);
	str_free(&plain);
	str_free(&decoded);
}

static void put_words(writer *w, span text)
{
	bool fold = *w->column > 60; /* where word_encode() begins a new line */
	(void)str_put(w->to, fold ? S("\n ") : S(" "));
	*w->column = fold ? 1 : *w->column + 1;
	encode_words(w, text);
}

/* Atoms and quoted strings stay; what has specials that need quotes gets them. */
static void put_phrase(writer *w, span s)
{
	bool bare = true;
	for (size_t i = 0; i < s.n; i++)
		bare = bare && s.p[i] != '"' && s.p[i] != '(';
	if (field_needs_words(s)) {
		put_words(w, s);
	} else if (bare && span_find(s, '.') < s.n && !span_starts(s, S("=?"))) {
		str quoted = str_new(s.n * 2 + 2);
		size_t column = 0;
		word_encode(s, true, &column, &quoted);
		put_piece(str_span(&quoted), w->column, w->to);
		str_free(&quoted);
	} else {
		put_piece(s, w->column, w->to);
	}
}

/* An address outside ASCII in 7 bits: a group of that name without members. */
static void put_lost(writer *w, span address)
{
	put_words(w, span_trim(address));
	(void)str_put(w->to, S(":;"));
	*w->column += 2;
}

/* From "(" to its ")": its length; the words in it are encoded where they must be. */
static size_t put_comment(writer *w, span s)
{
	nest in = {0};
	size_t n = 0;
	do
		look(&in, s.p[n++]);
	while (n < s.n && in.comment);
	if (!field_needs_words(span_sub(s, 0, n))) {
		put_piece(span_sub(s, 0, n), w->column, w->to);
		return n;
	}
	put_piece(S("("), w->column, w->to);
	encode_words(w, span_sub(s, 1, n - (in.comment == 0)));
	(void)str_putc(w->to, ')');
	*w->column += 1;
	return n;
}

/* What is no phrase: addresses and comments. */
static void put_plain(writer *w, span s)
{
	while ((s = span_trim(s)).n) {
		nest in = {0};
		size_t n = 0;
		if (s.p[0] == '(') {
			n = put_comment(w, s);
		} else {
			for (; n < s.n && !(n && s.p[n] == '(' && outside(&in)); n++)
				look(&in, s.p[n]);
			span piece = span_trim(span_sub(s, 0, n));
			if (w->seven_bit && field_needs_words(piece))
				put_lost(w, piece);
			else
				put_piece(piece, w->column, w->to);
		}
		s = span_sub(s, n, s.n);
	}
}

/* One element of the list, without the separator behind it. */
static void put_element(writer *w, span s, bool group)
{
	nest in = {0};
	size_t angle = 0;
	while (angle < s.n && !(s.p[angle] == '<' && outside(&in)))
		look(&in, s.p[angle++]);
	if (group) {
		put_phrase(w, s);
	} else if (angle < s.n) {
		size_t end = span_find(s, '>') + 1;
		span address = span_sub(s, angle, end > angle ? end : s.n);
		span phrase = span_trim(span_sub(s, 0, angle));
		if (w->seven_bit && field_needs_words(address)) {
			put_lost(w, s);
			return;
		}
		if (phrase.n)
			put_phrase(w, phrase);
		put_piece(address, w->column, w->to);
		put_plain(w, span_sub(s, angle + address.n, s.n));
	} else {
		put_plain(w, s);
	}
}

static void write_addresses(writer *w, span s)
{
	while (s.n) {
		nest in = {0};
		size_t n = 0;
		while (n < s.n &&
		       !(outside(&in) && (s.p[n] == ',' || s.p[n] == ';' || s.p[n] == ':')))
			look(&in, s.p[n++]);
		span element = span_trim(span_sub(s, 0, n));
		/* folded as a whole where that is enough */
		if (element.n && *w->column > 1 && !field_needs_words(element) &&
		    element.n < COLUMNS - 2 && *w->column + element.n + 2 > COLUMNS) {
			(void)str_put(w->to, S("\n"));
			*w->column = 0;
		}
		if (element.n)
			put_element(w, element, n < s.n && s.p[n] == ':');
		if (n < s.n) {
			(void)str_putc(w->to, s.p[n]);
			*w->column += 1;
		}
		s = span_sub(s, n + 1, s.n);
	}
}

/* ---- */

/* What can be written as it stands. */
static bool plain_line(span s)
{
	return !field_needs_words(s) && span_find(s, '\n') == s.n && span_find(s, '\r') == s.n &&
	       s.n <= FIELD_LINE_MAX - NAME_MAX_OCTETS;
}

static bool write_parameters(span s, const charset_opener *opener, size_t *column, str *to)
{
	arena a = arena_new(ARENA_MAX);
	param_list list;
	bool done = param_parse(s, &a, &list) && !field_needs_words(list.main);
	if (done)
		put_piece(list.main, column, to);
	for (size_t i = 0; done && i < list.count; i++) {
		str text = str_new(PARAM_VALUE_MAX * 4);
		char *name = arena_cstr(&a, list.params[i].name);
		param_text(list.params + i, opener, &text);
		if (name)
			param_write(name, str_span(&text), column, to);
		done = name && field_name_ok(span_str(name));
		str_free(&text);
	}
	arena_free(&a);
	return done;
}

static enum field_result check(span written)
{
	while (written.n)
		if (span_cut(&written, '\n').n > FIELD_LINE_MAX)
			return FIELD_TOO_LONG;
	return FIELD_OK;
}

enum field_result field_write(span name, span utf8, bool seven_bit, const charset_opener *opener,
			      str *to)
{
	size_t from = to->n, column = name.n + 1;
	enum field_kind kind = field_kind_of(name);
	bool high = field_needs_words(utf8), done = true;
	utf8 = span_trim(utf8);
	(void)str_put(to, name);
	(void)str_putc(to, ':');
	if (kind == FIELD_ADDRESSES) {
		writer w = {opener, seven_bit, &column, to};
		write_addresses(&w, utf8);
	} else if (kind == FIELD_PARAMETERS && !plain_line(utf8)) {
		done = write_parameters(utf8, opener, &column, to);
	} else if (kind == FIELD_TEXT) {
		if (utf8.n)
			(void)str_putc(to, ' ');
		column++;
		word_encode(utf8, false, &column, to);
	} else {
		done = !high;
		write_tokens(utf8, &column, to);
	}
	(void)str_putc(to, '\n');
	enum field_result result = !done      ? FIELD_ASCII_ONLY
				   : to->over ? FIELD_TOO_LONG
					      : check(span_sub(str_span(to), from, to->n));
	if (result != FIELD_OK)
		str_cut(to, from);
	return result;
}
