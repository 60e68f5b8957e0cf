/* One walk in reading order, done twice: to look, and to write. What stands between headers and the bodies of
 * leaves (preambles, delimiter lines, epilogues) is called a gap here. The second walk does what the first one
 * has marked. */
#include "mail/seven.h"

#include "mail/code.h"
#include "mail/seven_body.h"
#include "mail/seven_field.h"
#include "mail/utf8.h"

/* marks */
enum {
	INSIDE = 1, /* something changes behind the header of this part */
	ENCODE = 2, /* a leaf, or what is taken for one */
	QUOTED = 4, /* in quoted-printable, else base64 */
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

/* Those that consist of fields, and may not be encoded (RFC 3464, 2.1; RFC 8098, 3). */
static bool is_report(const part *p)
{
	return p->kind == PART_LEAF && seven_identity(p) &&
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
		if (boundary.n == 0 || line.n < 3 || line.p[2] != boundary.p[0])
			continue;
		enum part_delimiter d = part_delimiter(line, boundary);
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
	/* what follows the "From " line of an mbox is a header: no line may come between */
	if (done && header_mbox_line(front) && text.n > CODE_LINE_MAX) {
		str_cut(&text, CODE_LINE_MAX);
		(void)str_put(&text, line_end(s));
	}
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

/* LF as the line ends of the message. */
static void put_text(seven *s, span text)
{
	while (s->put && text.n) {
		size_t n = span_find(text, '\n');
		put(s, span_sub(text, 0, n));
		if (n < text.n)
			put(s, line_end(s));
		text = span_sub(text, n + 1, text.n);
	}
}

/* A field that may be no 7-bit text. */
static enum seven_result put_field(seven *s, uint32_t i, const header_field *f)
{
	const part *p = s->tree.parts + i;
	if (code_is_7bit(f->raw)) {
		put(s, f->raw);
	} else if (s->put) {
		str text = str_new(f->raw.n * 16 + 4096);
		seven_field(f, s->opener, &text);
		put_text(s, str_span(&text));
		str_free(&text);
	} else if (!seven_field_can(f, s->opener)) {
		return fault(s, SEVEN_ADDRESS, i, f->name);
	} else if (span_eqi(f->name, S("Content-Type")) && !code_is_7bit(p->boundary)) {
		return fault(s, SEVEN_BOUNDARY, i, f->name);
	}
	return SEVEN_SAME;
}

/* What the body is encoded in from now on; PART_UNKNOWN: as before. */
static enum part_encoding new_encoding(const seven *s, uint32_t i)
{
	const part *p = s->tree.parts + i;
	if (s->marks[i] & ENCODE)
		return s->marks[i] & QUOTED ? PART_QP : PART_BASE64;
	bool eight = p->encoding == PART_8BIT || p->encoding == PART_BINARY;
	return s->marks[i] & INSIDE && eight ? PART_7BIT : PART_UNKNOWN;
}

static void put_encoding(seven *s, enum part_encoding e)
{
	put(s, S("Content-Transfer-Encoding: "));
	put(s, code_name(e));
	put(s, line_end(s));
}

/* What says that the body is another one now. A text without a type is us-ascii (RFC 2045, 5.2), which it is
 * not: UTF-8 is what can be told from its octets. */
static void put_labels(seven *s, const part *p, bool encode)
{
	span field;
	if (is_entity(s, p) && !part_field(p, "MIME-Version", &field))
		put_text(s, S("MIME-Version: 1.0\n"));
	if (encode && s->put && p->kind == PART_LEAF && seven_identity(p) &&
	    part_type_is(p, "text", "plain") && !part_field(p, "Content-Type", &field) &&
	    utf8_valid(p->body))
		put_text(s, S("Content-Type: text/plain; charset=utf-8\n"));
}

/* Content-Transfer-Encoding changes in its place, or is the last field; others of the name go. */
static enum seven_result put_fields(seven *s, uint32_t i)
{
	const part *p = s->tree.parts + i;
	span rest = p->header;
	enum part_encoding encoding = new_encoding(s, i);
	enum seven_result result = SEVEN_SAME;
	bool told = encoding == PART_UNKNOWN;
	header_field f;
	while (result == SEVEN_SAME && header_next(&rest, &f) == HEADER_FIELD) {
		if (encoding == PART_UNKNOWN || !span_eqi(f.name, S("Content-Transfer-Encoding"))) {
			result = put_field(s, i, &f);
		} else if (!told) {
			put_encoding(s, encoding);
			told = true;
		}
	}
	if (s->marks[i])
		put_labels(s, p, s->marks[i] & ENCODE);
	if (!told)
		put_encoding(s, encoding);
	return result;
}

static enum seven_result put_header(seven *s, uint32_t i)
{
	const part *p = s->tree.parts + i;
	bool good = is_good(s, p->header), frozen = offset(s, p->header) < s->frozen;
	if (!good && frozen)
		return fault(s, SEVEN_SIGNED, s->frozen_by, S(""));
	if (frozen || (good && !s->marks[i])) {
		put(s, p->header);
		return SEVEN_SAME;
	}
	if (!good)
		mark(s, p->parent);
	enum seven_result result = put_fields(s, i);
	span end = empty_line(p->header);
	put(s, end.n || !s->marks[i] ? end : line_end(s));
	return result;
}

/* ---- bodies */

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
		header_field f;
		span line = rest;
		enum header_result r = header_next(&rest, &f);
		if (r == HEADER_FIELD) {
			result = put_field(s, i, &f);
			continue;
		}
		if (r == HEADER_GARBAGE)
			rest = span_sub(rest, span_find(rest, '\n') + 1, rest.n);
		put_other_line(s, span_sub(line, 0, line.n - rest.n));
	}
	return result;
}

static void put_encoded(seven *s, uint32_t i)
{
	size_t end = end_of(s, s->tree.parts[i].body);
	span next = span_sub(s->message, end, end + 1);
	bool line_end = span_eq(next, S("\n")) || span_eq(next, S("\r"));
	seven_style style = {new_encoding(s, i), s->crlf, line_end};
	seven_body(&s->tree, i, style, s->put, s->arg);
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
		s->marks[i] |= ENCODE | (seven_encoding(p) == PART_QP ? QUOTED : 0);
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
