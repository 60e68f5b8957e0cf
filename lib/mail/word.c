#include "mail/word.h"

#include <string.h>

#include "mail/base64.h"
#include "mail/code.h"
#include "mail/header.h"
#include "mail/utf8.h"

/* RFC 2047, 2: 75 octets; longer ones are read too, up to what a line may have. */
enum { WORD_WRITE_MAX = 75, WORD_READ_MAX = 998 };

typedef struct word {
	span charset, text;
	bool base64;
} word;

/* The first "?=" at or behind `from`, looked for once: *known is the last answer. */
static const char *find_end(span s, const char *from, const char **known)
{
	size_t left = (size_t)(s.p + s.n - from);
	if (*known < from && left > 1)
		*known = memmem(from, left, "?=", 2);
	if (!*known || left < 2)
		*known = s.p + s.n; /* none any more */
	return *known;
}

/* =?charset[*language]?B|Q?text?= at the front. Blanks in the text are seen in the wild (Q). */
static bool word_at(span s, word *w, size_t *size, const char **known)
{
	span rest = span_sub(s, 2, s.n < WORD_READ_MAX ? s.n : WORD_READ_MAX);
	if (!span_starts(s, S("=?")))
		return false;
	span charset = span_cut(&rest, '?'), encoding = span_cut(&rest, '?');
	if (charset.n == 0 || encoding.n != 1)
		return false;
	for (size_t i = 0; i < charset.n; i++)
		if ((unsigned char)charset.p[i] <= ' ')
			return false;
	char e = ascii_lower(encoding.p[0]);
	if (e != 'b' && e != 'q')
		return false;
	const char *end = find_end(s, rest.p, known);
	if (end >= rest.p + rest.n)
		return false;
	*w = (word){span_sub(charset, 0, span_find(charset, '*')),
		    span_of(rest.p, (size_t)(end - rest.p)), e == 'b'};
	*size = (size_t)(end + 2 - s.p);
	return true;
}

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}

/* Q is quoted-printable with "_" for a space (RFC 2047, 4.2), and without soft line ends. */
static void decode_octets(const word *w, str *octets)
{
	if (w->base64) {
		code_decode(PART_BASE64, w->text, octets);
		return;
	}
	for (size_t i = 0; i < w->text.n; i++) {
		char c = w->text.p[i];
		int high = c == '=' && i + 2 < w->text.n ? hex(w->text.p[i + 1]) : -1;
		int low = high >= 0 ? hex(w->text.p[i + 2]) : -1;
		if (low >= 0) {
			(void)str_putc(octets, (char)(high * 16 + low));
			i += 2;
		} else {
			(void)str_putc(octets, c == '_' ? ' ' : c);
		}
	}
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

typedef struct run {
	span charset;
	str octets;   /* of neighbours of one charset */
	span written; /* as they stand in the field, for an unknown charset */
} run;

static void flush(run *r, const charset_opener *opener, str *to)
{
	if (r->written.n == 0)
		return;
	size_t before = to->n;
	if (!charset_text(opener, r->charset, str_span(&r->octets), to)) {
		str_cut(to, before);
		(void)str_put(to, r->written);
	}
	str_clear(&r->octets);
	r->written = S("");
}

static void add_word(run *r, const word *w, span written, const charset_opener *opener, str *to)
{
	if (r->written.n && !span_eqi(r->charset, w->charset))
		flush(r, opener, to);
	if (r->written.n)
		r->written.n = (size_t)(written.p + written.n - r->written.p);
	else
		r->written = written;
	r->charset = w->charset;
	decode_octets(w, &r->octets);
}

/* Text between words; the blanks between two encoded words go (RFC 2047, 6.2). */
static void decode_line(span s, const charset_opener *opener, str *to)
{
	run r = {.octets = str_new(s.n + 1), .written = S("")};
	const char *known = NULL;
	size_t plain = 0, i = 0, size;
	word w;
	while (i < s.n) {
		const char *mark = memchr(s.p + i, '=', s.n - i);
		if (!mark)
			break;
		i = (size_t)(mark - s.p);
		if (!word_at(span_sub(s, i, s.n), &w, &size, &known)) {
			i++;
			continue;
		}
		span between = span_sub(s, plain, i);
		if (!r.written.n || span_trim(between).n) {
			flush(&r, opener, to);
			(void)charset_text(opener, S(""), between, to);
		}
		add_word(&r, &w, span_sub(s, i, i + size), opener, to);
		plain = i += size;
	}
	flush(&r, opener, to);
	(void)charset_text(opener, S(""), span_sub(s, plain, s.n), to);
	str_free(&r.octets);
}

/* One line of printable ASCII without an encoded word is its own text. */
static bool is_plain(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || (unsigned char)s.p[i] >= 0x7f ||
		    (s.p[i] == '=' && i + 1 < s.n && s.p[i + 1] == '?'))
			return false;
	return true;
}

void word_decode(span body, const charset_opener *opener, str *to)
{
	body = span_trim(body);
	if (is_plain(body)) { /* most fields */
		(void)str_put(to, body);
		return;
	}
	if (span_find(body, '\n') == body.n) { /* not folded */
		decode_line(body, opener, to);
		return;
	}
	str line = str_new(body.n + 1);
	header_unfold(body, &line);
	decode_line(str_span(&line), opener, to);
	str_free(&line);
}

/* ---- writing */

static bool q_plain(unsigned char c)
{
	/* what a phrase allows (RFC 2047, 5 (3)) serves everywhere */
	return ascii_alnum(c) || (c && memchr("!*+-/", c, 5));
}

static size_t q_size(span s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += q_plain((unsigned char)s.p[i]) || s.p[i] == ' ' ? 1 : 3;
	return n;
}

static void put_q(span s, str *to)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == ' ')
			(void)str_putc(to, '_');
		else if (q_plain(c))
			(void)str_putc(to, (char)c);
		else
			(void)str_printf(to, "=%02X", c);
	}
}

static void new_line(size_t *column, str *to)
{
	(void)str_put(to, S("\n "));
	*column = 1;
}

/* Whether a line end here keeps the blanks as they are: readers make one of those around it. */
static bool may_fold(const str *to)
{
	return to->n < 2 || !blank(to->p[to->n - 1]) ||
	       (to->p[to->n - 1] == ' ' && !blank(to->p[to->n - 2]));
}

/* One encoded word with as many whole characters as fit the line; returns the octets taken. */
static size_t put_word(span utf8, bool base64, size_t *column, str *to)
{
	const size_t frame = sizeof "=?utf-8?B?"
				    "?=" -
			     1;
	size_t room = 77 - (*column < 60 ? *column : 60), n = 0;
	room = room < WORD_WRITE_MAX ? room : WORD_WRITE_MAX;
	while (n < utf8.n) {
		size_t one = utf8_char(span_sub(utf8, n, utf8.n));
		size_t next = n + (one ? one : 1);
		span front = span_sub(utf8, 0, next);
		size_t size = frame + (base64 ? (next + 2) / 3 * 4 : q_size(front));
		if (n && size > room)
			break;
		n = next;
	}
	size_t before = to->n;
	(void)str_put(to, base64 ? S("=?utf-8?B?") : S("=?utf-8?Q?"));
	if (base64)
		(void)base64_write(span_sub(utf8, 0, n), to);
	else
		put_q(span_sub(utf8, 0, n), to);
	(void)str_put(to, S("?="));
	*column += to->n - before;
	return n;
}

static bool needs_word(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || (unsigned char)s.p[i] >= 0x7f)
			return true;
	return span_starts(s, S("=?"));
}

/* A stretch that must be encoded: from the first word that needs it to the last in a row, the blanks
 * between them inside. */
static size_t stretch(span s)
{
	size_t end = 0, i = 0;
	while (i < s.n) {
		size_t from = i;
		while (i < s.n && !blank(s.p[i]))
			i++;
		if (!needs_word(span_sub(s, from, i)))
			break;
		end = i;
		while (i < s.n && blank(s.p[i]))
			i++;
	}
	return end;
}

static void encode_stretch(span s, size_t *column, str *to)
{
	bool base64 = (s.n + 2) / 3 * 4 < q_size(s);
	if (*column > 60 && may_fold(to))
		new_line(column, to);
	while (s.n) {
		s = span_sub(s, put_word(s, base64, column, to), s.n);
		if (s.n)
			new_line(column, to);
	}
}

/* A name that is one encoded word on a line of its own is not split: some readers leave the blank between two
 * of them. */
static void keep_together(span s, size_t *column, str *to)
{
	size_t q = q_size(s), b = (s.n + 2) / 3 * 4;
	size_t size = sizeof "=?utf-8?B?"
			     "?=" -
		      1 + (q < b ? q : b);
	if (*column + size <= 77 || size > WORD_WRITE_MAX || *column <= 1)
		return;
	if (to->n && to->p[to->n - 1] == ' ')
		str_cut(to, to->n - 1);
	new_line(column, to);
}

static bool atom_phrase(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_alnum((unsigned char)s.p[i]) &&
		    !memchr("!#$%&'*+-/=?^_`{|}~ ", s.p[i], 20))
			return false;
	return s.n && s.p[0] != ' ' && s.p[s.n - 1] != ' ';
}

static void put_quoted(span s, size_t *column, str *to)
{
	size_t before = to->n;
	(void)str_putc(to, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			(void)str_putc(to, '\\');
		(void)str_putc(to, s.p[i]);
	}
	(void)str_putc(to, '"');
	*column += to->n - before;
}

void word_encode(span utf8, bool phrase, size_t *column, str *to)
{
	bool plain = true;
	for (span rest = utf8; rest.n && plain;)
		plain = !needs_word(span_word(&rest));
	if (phrase && plain && !atom_phrase(utf8)) {
		put_quoted(utf8, column, to);
		return;
	}
	if (phrase && !plain) {
		keep_together(utf8, column, to);
		encode_stretch(utf8, column, to);
		return;
	}
	while (utf8.n) {
		size_t n = stretch(utf8), from = to->n;
		if (n) {
			encode_stretch(span_sub(utf8, 0, n), column, to);
		} else {
			while (n < utf8.n && !blank(utf8.p[n]))
				n++;
			bool far = *column + n > 900; /* better a blank less than no field */
			if (*column > 1 && *column + n > 78 && from && blank(to->p[from - 1]) &&
			    (may_fold(to) || far)) {
				str_cut(to, from - 1);
				new_line(column, to);
			}
			(void)str_put(to, span_sub(utf8, 0, n));
			*column += n;
		}
		utf8 = span_sub(utf8, n, utf8.n);
		for (n = 0; n < utf8.n && blank(utf8.p[n]); n++)
			(void)str_putc(to, utf8.p[n]);
		*column += n;
		utf8 = span_sub(utf8, n, utf8.n);
	}
}
