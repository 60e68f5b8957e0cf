/* One walk in reading order, done twice: to look, and to write. What stands between headers and the bodies of
 * leaves (preambles, delimiter lines, epilogues) is called a gap here. The second walk does what the first one
 * has marked. */
#include "mail/seven.h"

#include "mail/code.h"
#include "mail/seven_field.h"
#include "mail/utf8.h"

enum { PIECE = 4096 };

/* marks */
enum {
	INSIDE = 1, /* something changes behind the header of this part */
	ENCODE = 2, /* a leaf, or what is taken for one */
};

static size_t offset(const seven *s, span x)
{
	return (size_t)(x.p - s->message.p);
}

static size_t end_of(const seven *s, span x)
{
	return offset(s, x) + x.n;
}

static void put(seven *s, span octets)
{
	if (s->put && octets.n)
		s->put(s->arg, octets);
}

static enum seven_result fault(seven *s, enum seven_result why, uint32_t at, span field)
{
	s->at = at;
	s->field = field;
	return why;
}

/* This part and all that it is in. */
static void mark(seven *s, uint32_t i)
{
	while (i != PART_NONE && !(s->marks[i] & INSIDE)) {
		s->marks[i] |= INSIDE;
		i = s->tree.parts[i].parent;
	}
}

static bool is_good(const seven *s, span octets)
{
	bool known = s->good.n && offset(s, octets) >= offset(s, s->good) &&
		     end_of(s, octets) <= end_of(s, s->good);
	return known || code_is_7bit(octets);
}

static bool is_text(const part *p)
{
	return part_type_is(p, "text", NULL) || part_type_is(p, "message", NULL);
}

static bool is_identity(enum part_encoding e)
{
	return e == PART_7BIT || e == PART_8BIT || e == PART_BINARY || e == PART_UNKNOWN;
}

/* Those that consist of fields, and may not be encoded (RFC 3464, 2.1; RFC 8098, 3). */
static bool is_report(const part *p)
{
	return p->kind == PART_LEAF && is_identity(p->encoding) &&
	       (part_type_is(p, "message", "delivery-status") ||
		part_type_is(p, "message", "disposition-notification"));
}

/* ---- gaps */

/* What a line is to the containers that may be open behind part i, and to which (a closed one counts too). */
static enum part_delimiter delimiter(const seven *s, uint32_t i, span line, uint32_t *owner)
{
	enum part_delimiter found = PART_PLAIN_LINE;
	if (!span_starts(line, S("--")))
		return found;
	for (; i != PART_NONE && found != PART_OPENS; i = s->tree.parts[i].parent) {
		span boundary = s->tree.parts[i].boundary;
		enum part_delimiter d =
		    boundary.n ? part_delimiter(line, boundary) : PART_PLAIN_LINE;
		if (d == PART_OPENS || (d == PART_CLOSES && found == PART_PLAIN_LINE)) {
			found = d;
			*owner = i;
		}
	}
	return found;
}

static span line_end(const seven *s)
{
	return s->crlf ? S("\r\n") : S("\n");
}

/* In lines that fit, each but the first behind a blank: no delimiter line, no field. */
static void put_cut(seven *s, span line)
{
	span text = span_chomp(line), end = span_sub(line, text.n, line.n);
	for (size_t most = CODE_LINE_MAX; text.n > most; most = CODE_LINE_MAX - 1) {
		put(s, span_sub(text, 0, most));
		put(s, line_end(s));
		put(s, S(" "));
		text = span_sub(text, most, text.n);
	}
	put(s, text);
	put(s, end);
}

/* A line of a gap. It stays what it was to the containers; false where it cannot. */
static bool put_line(seven *s, uint32_t i, span line)
{
	uint32_t before = PART_NONE, after = PART_NONE;
	str text = str_new(line.n + 64);
	enum part_delimiter d = delimiter(s, i, line, &before);
	if (d == PART_OPENS) { /* without the blanks behind it */
		(void)str_put(&text, S("--"));
		(void)str_put(&text, s->tree.parts[before].boundary);
		(void)str_put(&text, line_end(s));
	} else {
		seven_question(line, &text);
	}
	span front = span_sub(str_span(&text), 0, d == PART_OPENS ? text.n : CODE_LINE_MAX);
	bool done = delimiter(s, i, front, &after) == d && before == after &&
		    (d != PART_OPENS || code_is_7bit(front));
	if (done)
		put_cut(s, str_span(&text));
	str_free(&text);
	return done;
}

/* The octets from `from` to `to`, behind the header or the body of part i. */
static enum seven_result put_gap(seven *s, size_t from, size_t to, uint32_t i)
{
	span gap = span_sub(s->message, from, to);
	if (is_good(s, gap)) {
		put(s, gap);
		return SEVEN_SAME;
	}
	if (s->tree.defects & PART_TOO_MANY && to == s->message.n)
		return fault(s, SEVEN_DEPTH, i, S(""));
	const part *p = s->tree.parts + i;
	mark(s, p->kind == PART_LEAF || s->marks[i] & ENCODE ? p->parent : i);
	while (gap.n) {
		size_t n = span_find(gap, '\n');
		span line = span_sub(gap, 0, n + 1);
		gap = span_sub(gap, n + 1, gap.n);
		if (code_is_7bit(line))
			put(s, line);
		else if (offset(s, line) < s->frozen)
			return fault(s, SEVEN_SIGNED, s->frozen_by, S(""));
		else if (!put_line(s, i, line))
			return fault(s, SEVEN_BOUNDARY, i, S(""));
	}
	return SEVEN_SAME;
}

/* ---- headers */

static span empty_line(span header)
{
	size_t n = span_ends(header, S("\r\n")) ? 2 : span_ends(header, S("\n"));
	span before = span_sub(header, 0, header.n - n);
	return n && (before.n == 0 || span_ends(before, S("\n")))
		   ? span_sub(header, before.n, header.n)
		   : S("");
}

static bool is_entity(const seven *s, const part *p)
{
	return p->parent == PART_NONE || s->tree.parts[p->parent].kind == PART_MESSAGE;
}

/* A field that is text and no more than 7 bits wide; the others are as they were. */
static enum seven_result change_fields(seven *s, uint32_t i, edit *e)
{
	const part *p = s->tree.parts + i;
	enum seven_result result = SEVEN_SAME;
	for (size_t k = 0; k < e->n && result == SEVEN_SAME; k++) {
		header_field f = e->fields[k].field;
		if (code_is_7bit(f.raw))
			continue;
		str text = str_new(f.raw.n * 16 + 4096);
		if (!seven_field(&f, s->opener, &text))
			result = fault(s, SEVEN_ADDRESS, i, f.name);
		else if (span_eqi(f.name, S("Content-Type")) && !code_is_7bit(p->boundary))
			result = fault(s, SEVEN_BOUNDARY, i, f.name);
		else
			edit_replace(e, k, str_span(&text));
		str_free(&text);
	}
	return result;
}

static enum part_encoding choose(const part *p)
{
	if (p->kind == PART_LEAF && !is_identity(p->encoding))
		return p->encoding == PART_QP ? PART_QP : PART_BASE64;
	enum part_encoding e = code_choose(p->body, is_text(p), false);
	return e == PART_QP ? PART_QP : PART_BASE64;
}

static bool has_field(const edit *e, span name)
{
	for (size_t i = 0; i < e->n; i++)
		if (span_eqi(e->fields[i].field.name, name))
			return true;
	return false;
}

static void set_encoding(edit *e, span name)
{
	str text = str_new(128);
	(void)str_put(&text, S("Content-Transfer-Encoding: "));
	(void)str_put(&text, name);
	(void)str_putc(&text, '\n');
	edit_set(e, S("Content-Transfer-Encoding"), str_span(&text));
	str_free(&text);
}

/* What says that the body is another one now. A text without a type is us-ascii (RFC 2045, 5.2), which it is
 * not: UTF-8 is what can be told from its octets. */
static void change_labels(const seven *s, const part *p, bool encode, edit *e)
{
	if (is_entity(s, p) && !has_field(e, S("MIME-Version")))
		edit_append(e, S("MIME-Version: 1.0\n"));
	if (encode && is_identity(p->encoding) && !has_field(e, S("Content-Type")) &&
	    part_type_is(p, "text", "plain") && utf8_valid(p->body))
		edit_append(e, S("Content-Type: text/plain; charset=utf-8\n"));
	if (encode)
		set_encoding(e, code_name(choose(p)));
	else if (p->encoding == PART_8BIT || p->encoding == PART_BINARY)
		set_encoding(e, S("7bit"));
}

/* The "From " line of an mbox: no line may follow it that is no field. */
static span put_mbox_line(seven *s, const part *p)
{
	size_t n = is_entity(s, p) ? header_mbox_line(p->header) : 0;
	str text = str_new(n + 1);
	seven_question(span_sub(p->header, 0, n), &text);
	if (code_is_7bit(str_span(&text))) {
		put(s, str_span(&text));
	} else {
		put(s, span_sub(str_span(&text), 0, CODE_LINE_MAX));
		put(s, line_end(s));
	}
	str_free(&text);
	return span_sub(p->header, n, p->header.n);
}

static void put_piece(void *arg, span octets)
{
	put(arg, octets);
}

static enum seven_result put_header(seven *s, uint32_t i)
{
	const part *p = s->tree.parts + i;
	bool encode = s->marks[i] & ENCODE, inside = s->marks[i] & INSIDE,
	     good = is_good(s, p->header), frozen = offset(s, p->header) < s->frozen;
	if (!good && frozen)
		return fault(s, SEVEN_SIGNED, s->frozen_by, S(""));
	if (frozen || (good && !encode && !inside)) {
		put(s, p->header);
		return SEVEN_SAME;
	}
	edit e;
	edit_open(&e, put_mbox_line(s, p));
	e.crlf = s->crlf;
	enum seven_result result = good ? SEVEN_SAME : change_fields(s, i, &e);
	if (!good)
		mark(s, p->parent);
	if (encode || inside)
		change_labels(s, p, encode, &e);
	edit_write(&e, put_piece, s);
	span end = empty_line(p->header);
	put(s, end.n || !(encode || inside) ? end : line_end(s));
	edit_free(&e);
	return result;
}

/* ---- bodies */

typedef struct coding {
	seven *s;
	encoder e;
	bool lines; /* LF → CRLF */
	bool cr;    /* the last octet was a CR */
} coding;

static void put_coded(void *arg, span octets)
{
	coding *c = arg;
	char lines[2 * PIECE], coded[8 * PIECE + 80];
	while (octets.n) {
		span piece = span_sub(octets, 0, PIECE);
		octets = span_sub(octets, PIECE, octets.n);
		size_t n = 0;
		for (size_t i = 0; c->lines && i < piece.n; i++) {
			if (piece.p[i] == '\n' && !c->cr)
				lines[n++] = '\r';
			lines[n++] = piece.p[i];
			c->cr = piece.p[i] == '\r';
		}
		if (c->lines)
			piece = span_of(lines, n);
		put(c->s, span_of(coded, encoder_put(&c->e, piece, coded)));
	}
}

/* Whether a line of quoted-printable can be a delimiter line of what the part is in: only of a boundary with
 * "=XX" in it. */
static bool can_be_delimiter(const seven *s, uint32_t i)
{
	for (; i != PART_NONE; i = s->tree.parts[i].parent) {
		span b = s->tree.parts[i].boundary;
		for (size_t k = 0; k + 2 < b.n; k++)
			if (b.p[k] == '=' && b.p[k + 1] != '_' && b.p[k + 1] != '-')
				return true;
	}
	return false;
}

static bool first_line_is_crlf(const seven *s, span text)
{
	size_t n = span_find(text, '\n');
	return n == text.n ? s->crlf : n > 0 && text.p[n - 1] == '\r';
}

static void put_encoded(seven *s, uint32_t i)
{
	const part *p = s->tree.parts + i;
	bool identity = p->kind != PART_LEAF || is_identity(p->encoding);
	span next = span_sub(s->message, end_of(s, p->body), end_of(s, p->body) + 1);
	char end[160];
	coding c = {.s = s};
	encoder_init(&c.e, choose(p), true);
	c.e.crlf = c.e.encoding == PART_QP ? first_line_is_crlf(s, p->body) : s->crlf;
	c.e.open_end = span_eq(next, S("\n")) || span_eq(next, S("\r"));
	c.e.dashes = can_be_delimiter(s, i);
	c.lines = c.e.encoding == PART_BASE64 && identity && is_text(p);
	code_pieces(identity ? PART_BINARY : p->encoding, p->body, put_coded, &c);
	put(s, span_of(end, encoder_end(&c.e, end)));
}

/* A line that is no field, where fields are expected. */
static void put_other_line(seven *s, span line)
{
	str text = str_new(line.n + 1);
	seven_question(line, &text);
	put_cut(s, str_span(&text));
	str_free(&text);
}

/* A body that is header fields, block by block. */
static enum seven_result put_report(seven *s, uint32_t i)
{
	span rest = s->tree.parts[i].body;
	enum seven_result result = SEVEN_SAME;
	while (rest.n && result == SEVEN_SAME) {
		edit e;
		edit_open(&e, rest);
		put_other_line(s, e.front);
		e.front = S("");
		e.bare = false;
		e.crlf = s->crlf;
		result = change_fields(s, i, &e);
		edit_write(&e, put_piece, s);
		size_t n = span_find(e.tail, '\n') + 1; /* the empty line, or what is no field */
		put_other_line(s, span_sub(e.tail, 0, n));
		rest = span_sub(e.tail, n, e.tail.n);
		edit_free(&e);
	}
	return result;
}

static bool is_signed(const part *p)
{
	return part_type_is(p, "multipart", "signed") || part_type_is(p, "multipart", "encrypted");
}

/* The first walk: whether and how the body of this part changes. */
static enum seven_result judge_body(seven *s, uint32_t i)
{
	const part *p = s->tree.parts + i;
	bool frozen = offset(s, p->header) < s->frozen;
	bool global = p->kind == PART_MESSAGE && part_type_is(p, "message", "global") && !frozen;
	if (p->kind != PART_LEAF && !global)
		return SEVEN_SAME;
	if (is_good(s, p->body)) {
		if (global && end_of(s, p->body) > end_of(s, s->good))
			s->good = p->body;
		return SEVEN_SAME;
	}
	if (frozen)
		return fault(s, SEVEN_SIGNED, s->frozen_by, S(""));
	if (p->defects & PART_TOO_DEEP)
		return fault(s, SEVEN_DEPTH, i, S(""));
	mark(s, i);
	if (!is_report(p))
		s->marks[i] |= ENCODE;
	return SEVEN_SAME;
}

/* Returns where the next part may begin, in *at. */
static enum seven_result put_part(seven *s, uint32_t i, size_t *at)
{
	const part *p = s->tree.parts + i;
	enum seven_result result = s->put ? SEVEN_SAME : judge_body(s, i);
	if (result == SEVEN_SAME)
		result = put_header(s, i);
	*at = end_of(s, p->header);
	if (is_signed(p) && p->kind == PART_MULTIPART && end_of(s, p->body) > s->frozen) {
		s->frozen = end_of(s, p->body);
		s->frozen_by = i;
	}
	if (p->kind != PART_LEAF && !(s->marks[i] & ENCODE))
		return result;
	*at = end_of(s, p->body);
	if (result != SEVEN_SAME)
		return result;
	if (s->marks[i] & ENCODE && s->put)
		put_encoded(s, i);
	else if (s->marks[i] & INSIDE && is_report(p))
		return put_report(s, i);
	else
		put(s, p->body);
	return SEVEN_SAME;
}

static enum seven_result walk(seven *s)
{
	size_t at = 0;
	uint32_t last = 0;
	enum seven_result result = SEVEN_SAME;
	s->frozen = 0;
	s->frozen_by = PART_NONE;
	s->good = span_sub(s->message, 0, 0);
	for (uint32_t i = 0; i < s->tree.count && result == SEVEN_SAME; i++) {
		size_t from = offset(s, s->tree.parts[i].header);
		if (from < at)
			continue; /* inside of what is encoded as a whole */
		result = put_gap(s, at, from, last);
		if (result == SEVEN_SAME)
			result = put_part(s, i, &at);
		last = i;
	}
	return result == SEVEN_SAME ? put_gap(s, at, s->message.n, last) : result;
}

enum seven_result seven_open(seven *s, span message, const charset_opener *opener, arena *mem)
{
	size_t line = span_find(message, '\n');
	*s = (seven){.message = message, .opener = opener, .field = S("")};
	s->crlf = line > 0 && line < message.n && message.p[line - 1] == '\r';
	if (code_is_7bit(message))
		return SEVEN_SAME;
	if (!part_parse(message, mem, &s->tree) || !(s->marks = arena_alloc(mem, s->tree.count)))
		return SEVEN_DEPTH;
	enum seven_result result = walk(s);
	return result == SEVEN_SAME ? SEVEN_OTHER : result;
}

void seven_write(seven *s, edit_put *to, void *arg)
{
	s->put = to;
	s->arg = arg;
	if (s->marks)
		(void)walk(s);
	else
		put(s, s->message);
}

status seven_status(const seven *s, enum seven_result result)
{
	static const char *const words[] = {
	    [SEVEN_SIGNED] = "is signed or encrypted, and not 7-bit",
	    [SEVEN_BOUNDARY] = "has a boundary that is not ASCII",
	    [SEVEN_ADDRESS] = "has an address that is not ASCII",
	    [SEVEN_DEPTH] = "is too deep inside, or one of too many",
	};
	if (result < SEVEN_SIGNED)
		return status_ok();
	str where = str_new(16 * (PART_DEPTH_MAX + 1));
	if (s->tree.count && s->at)
		part_number(&s->tree, s->at, &where);
	status st = status_make(EX_DATAERR, 554, result == SEVEN_ADDRESS ? "5.6.9" : "5.6.3",
				"%.*s%s%s%s %s", SPAN_FMT(s->field), s->field.n ? " of " : "",
				where.n ? "part " : "the message", str_cstr(&where), words[result]);
	str_free(&where);
	return st;
}
