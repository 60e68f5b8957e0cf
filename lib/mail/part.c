/* One walk over the message, line by line where a multipart is open. The open containers are a stack;
 * a delimiter line of one of them closes all that were opened inside of it. */
#include "mail/part.h"

#include <string.h>

#include "mail/code.h"
#include "mail/header.h"
#include "mail/param.h"

/* RFC 2046, 5.1.1 says 70; longer ones are seen. */
enum { BOUNDARY_MAX = 1000, SCRATCH_MAX = 1 << 20 };

typedef struct frame {
	uint32_t part;
	span boundary; /* "" for a message */
	uint32_t last; /* child */
	bool digest;
	bool seen, closed; /* a delimiter; the closing one */
} frame;

typedef struct walk {
	part_tree *tree;
	arena *mem;
	arena scratch;
	size_t room;
	size_t at; /* octets walked */
	frame stack[PART_DEPTH_MAX + 1];
	size_t depth;
	size_t bounded; /* frames with a boundary that are not closed */
	uint32_t leaf;	/* whose body is being read; PART_NONE */
} walk;

static span rest_of(const walk *w)
{
	return span_sub(w->tree->message, w->at, w->tree->message.n);
}

static size_t line_size(span s)
{
	size_t n = span_find(s, '\n');
	return n + (n < s.n);
}

enum part_delimiter part_delimiter(span line, span boundary)
{
	if (!span_starts(line, S("--")) || !span_starts(span_sub(line, 2, line.n), boundary))
		return PART_PLAIN_LINE;
	span tail = span_sub(line, 2 + boundary.n, line.n);
	if (span_trim(tail).n == 0)
		return PART_OPENS;
	/* What stands behind the closing delimiter on its line is epilogue. */
	return span_starts(tail, S("--")) ? PART_CLOSES : PART_PLAIN_LINE;
}

/* Whether a delimiter line starts here, and whose. The innermost container wins; an exact match before a
 * closing one, for one boundary may be another with "--" behind. */
static enum part_delimiter delimiter_at(const walk *w, span text, size_t *owner)
{
	if (w->bounded == 0 || !span_starts(text, S("--")))
		return PART_PLAIN_LINE;
	span line = span_sub(text, 0, line_size(text));
	enum part_delimiter found = PART_PLAIN_LINE;
	for (size_t i = w->depth; i-- > 0 && found != PART_OPENS;) {
		span boundary = w->stack[i].boundary;
		if (boundary.n == 0 || w->stack[i].closed || line.n < 3 ||
		    line.p[2] != boundary.p[0])
			continue;
		enum part_delimiter d = part_delimiter(line, boundary);
		if (d == PART_OPENS || (d == PART_CLOSES && found == PART_PLAIN_LINE)) {
			found = d;
			*owner = i;
		}
	}
	return found;
}

static void note(walk *w, part *p, unsigned defect)
{
	p->defects |= defect;
	w->tree->defects |= defect;
}

static void end_body(walk *w, part *p, size_t end)
{
	size_t from = (size_t)(p->body.p - w->tree->message.p);
	p->body.n = end > from ? end - from : 0;
}

static void end_leaf(walk *w, size_t end)
{
	if (w->leaf != PART_NONE)
		end_body(w, w->tree->parts + w->leaf, end);
	w->leaf = PART_NONE;
}

/* A multipart that cannot be taken apart is shown as it stands, rather than not at all. */
static void be_text(part *p)
{
	p->kind = PART_LEAF;
	p->type = S("text");
	p->subtype = S("plain");
}

/* Ends the containers above `keep` at the octet `end`. */
static void close_to(walk *w, size_t keep, size_t end)
{
	while (w->depth > keep) {
		frame *f = &w->stack[--w->depth];
		part *p = w->tree->parts + f->part;
		if (f->boundary.n) {
			w->bounded -= !f->closed;
			if (!f->seen) {
				note(w, p, PART_NO_DELIMITER);
				be_text(p);
			}
			if (!f->closed)
				note(w, p, PART_NOT_CLOSED);
		}
		end_body(w, p, end);
	}
}

static bool grow(walk *w)
{
	part_tree *t = w->tree;
	if (t->count < w->room)
		return true;
	size_t room = w->room ? w->room * 2 : 8;
	part *more = arena_alloc(w->mem, room * sizeof *more);
	if (!more)
		return false;
	if (t->count)
		memcpy(more, t->parts, t->count * sizeof *more);
	t->parts = more;
	w->room = room;
	return true;
}

/* A new part as the last child of the innermost container; NULL where the arena is full. */
static part *add_part(walk *w)
{
	if (!grow(w))
		return NULL;
	uint32_t index = (uint32_t)w->tree->count++;
	part *p = w->tree->parts + index;
	*p = (part){.parent = PART_NONE, .child = PART_NONE, .next = PART_NONE, .number = 1};
	p->type = S("text");
	p->subtype = S("plain");
	p->boundary = S("");
	if (w->depth == 0)
		return p;
	frame *f = &w->stack[w->depth - 1];
	p->parent = f->part;
	p->depth = (uint16_t)w->depth;
	if (f->last == PART_NONE) {
		w->tree->parts[f->part].child = index;
	} else {
		w->tree->parts[f->last].next = index;
		p->number = w->tree->parts[f->last].number + 1;
	}
	f->last = index;
	if (f->digest) { /* RFC 2046, 5.1.5 */
		p->type = S("message");
		p->subtype = S("rfc822");
	}
	return p;
}

/* The first field of a name counts (RFC 7103, 7.1.4). */
static void keep_field(walk *w, part *p, const header_field *f, span *slot)
{
	if (slot->p)
		note(w, p, PART_TWICE);
	else
		*slot = f->body;
}

/* A message out of an mbox, or enclosed as one, may begin with its "From " line. */
static void skip_mbox_line(walk *w, const part *p)
{
	bool message = p->parent == PART_NONE || w->tree->parts[p->parent].kind == PART_MESSAGE;
	if (message)
		w->at += header_mbox_line(rest_of(w));
}

/* The header ends at its empty line, at what is no field, or at a delimiter. */
static void read_header(walk *w, part *p, span *encoding)
{
	skip_mbox_line(w, p);
	span rest = rest_of(w), type = {NULL, 0};
	size_t owner, from = w->at, whole = rest.n;
	header_field f;
	enum header_result r = HEADER_END;
	while (delimiter_at(w, rest, &owner) == PART_PLAIN_LINE &&
	       (r = header_next(&rest, &f)) == HEADER_FIELD) {
		if (span_eqi(f.name, S("Content-Type")))
			keep_field(w, p, &f, &type);
		else if (span_eqi(f.name, S("Content-Transfer-Encoding")))
			keep_field(w, p, &f, encoding);
	}
	if (r == HEADER_GARBAGE)
		note(w, p, PART_HEADER_BROKEN);
	w->at = from + (whole - rest.n);
	p->header = span_sub(w->tree->message, from, w->at);
	p->content_type = type.p ? type : S("");
	p->body = rest_of(w);
}

static bool token(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f ||
		    memchr("()<>@,;:\\\"/[]?=", s.p[i], 15))
			return false;
	return s.n > 0;
}

/* Type and subtype as the part's own octets, and the boundary in the arena. */
static bool read_type(walk *w, part *p, span *boundary)
{
	param_list list;
	const param *b;
	arena_reset(&w->scratch);
	if (p->content_type.n == 0)
		return true;
	if (!param_parse(p->content_type, &w->scratch, &list)) {
		note(w, p, PART_BAD_TYPE);
		return true;
	}
	span subtype = list.main, type = span_cut(&subtype, '/');
	if (!token(type) || !token(subtype)) {
		note(w, p, PART_BAD_TYPE);
		p->type = S("text");
		p->subtype = S("plain");
		return true;
	}
	p->type = arena_dup(w->mem, type);
	p->subtype = arena_dup(w->mem, subtype);
	if (!p->type.p || !p->subtype.p)
		return false;
	b = param_get(&list, "boundary");
	if (b && b->value.n <= BOUNDARY_MAX) {
		while (b->value.n && b->value.p[b->value.n - 1] == ' ')
			((param *)(uintptr_t)b)
			    ->value.n--; /* RFC 2046, 5.1.1: never ends in a blank */
		*boundary = arena_dup(w->mem, b->value);
		return boundary->p != NULL;
	}
	return true;
}

static void push(walk *w, part *p, span boundary)
{
	w->stack[w->depth++] = (frame){
	    .part = (uint32_t)(p - w->tree->parts),
	    .boundary = boundary,
	    .last = PART_NONE,
	    .digest = boundary.n && part_type_is(p, "multipart", "digest"),
	};
	w->bounded += boundary.n > 0;
}

static void read_kind(walk *w, part *p, span encoding, span boundary)
{
	bool multipart = part_type_is(p, "multipart", NULL);
	bool message = part_type_is(p, "message", "rfc822") || part_type_is(p, "message", "global");
	p->encoding = encoding.p ? code_by_name(encoding) : PART_7BIT;
	bool identity =
	    p->encoding == PART_7BIT || p->encoding == PART_8BIT || p->encoding == PART_BINARY;
	if (multipart && boundary.n == 0) {
		note(w, p, PART_NO_BOUNDARY);
		be_text(p);
	} else if ((multipart || (message && identity)) && w->depth >= PART_DEPTH_MAX) {
		note(w, p, PART_TOO_DEEP);
	} else if (multipart) {
		p->kind = PART_MULTIPART;
		p->boundary = boundary;
		if (!identity)
			note(w, p, PART_ENCODED_COMPOSITE);
	} else if (message && identity) {
		p->kind = PART_MESSAGE;
	}
}

/* To the start of the next delimiter line, *owner its container; false at the end of the message. *end is
 * where the body before it ends: its line end belongs to the delimiter. */
static bool find_delimiter(walk *w, size_t *owner, enum part_delimiter *what, size_t *end)
{
	span rest = rest_of(w);
	size_t n;
	while (rest.n && w->bounded) {
		*what = delimiter_at(w, rest, owner);
		if (*what != PART_PLAIN_LINE)
			break;
		n = line_size(rest);
		rest = span_sub(rest, n, rest.n);
	}
	if (!w->bounded || rest.n == 0) {
		w->at = *end = w->tree->message.n;
		return false;
	}
	const char *m = w->tree->message.p;
	w->at = *end = (size_t)(rest.p - m);
	if (*end && m[*end - 1] == '\n')
		*end -= 1 + (*end > 1 && m[*end - 2] == '\r');
	return true;
}

/* Walks preamble, bodies and epilogues until a part begins; false at the end of the message. */
static bool next_part(walk *w)
{
	size_t owner = 0, end;
	enum part_delimiter what = PART_PLAIN_LINE;
	while (find_delimiter(w, &owner, &what, &end)) {
		end_leaf(w, end);
		close_to(w, owner + 1, end);
		frame *f = &w->stack[owner];
		f->seen = true;
		w->at += line_size(rest_of(w));
		if (what == PART_OPENS)
			return true;
		f->closed = true;
		w->bounded--;
	}
	end_leaf(w, end);
	close_to(w, 0, end);
	return false;
}

/* A part from its header on, and where it is a message, the part inside of it. */
static bool open_part(walk *w)
{
	bool inside = true;
	while (inside) {
		span encoding = {NULL, 0}, boundary = S("");
		part *p = add_part(w);
		if (!p)
			return false;
		read_header(w, p, &encoding);
		if (!read_type(w, p, &boundary))
			return false;
		read_kind(w, p, encoding, boundary);
		inside = p->kind == PART_MESSAGE;
		if (p->kind != PART_LEAF)
			push(w, p, inside ? S("") : boundary);
		else
			w->leaf = (uint32_t)(p - w->tree->parts);
	}
	return true;
}

bool part_parse(span message, arena *mem, part_tree *tree)
{
	walk w = {.tree = tree, .mem = mem, .scratch = arena_new(SCRATCH_MAX), .leaf = PART_NONE};
	*tree = (part_tree){.message = message};
	bool done = open_part(&w);
	while (done && next_part(&w)) {
		if (tree->count >= PART_COUNT_MAX) {
			note(&w, tree->parts, PART_TOO_MANY);
			w.leaf = PART_NONE;
			w.at = message.n;
			close_to(&w, 0, message.n);
			break;
		}
		done = open_part(&w);
	}
	arena_free(&w.scratch);
	return done;
}

size_t part_lines(const part *p)
{
	size_t lines = 0;
	for (span rest = p->body; rest.n; lines++) {
		size_t at = span_find(rest, '\n');
		if (at == rest.n)
			break;
		rest = span_sub(rest, at + 1, rest.n);
	}
	return lines;
}

/* From the root down: a message's body part has the number of the message where it is a multipart, and
 * the number with ".1" where it is none. */
void part_number(const part_tree *t, uint32_t index, str *to)
{
	uint32_t path[PART_DEPTH_MAX + 1];
	size_t depth = 0;
	for (uint32_t i = index; i != PART_NONE && depth < PART_DEPTH_MAX + 1;
	     i = t->parts[i].parent)
		path[depth++] = i;
	bool first = true;
	while (depth-- > 0) {
		const part *p = t->parts + path[depth];
		bool of_message =
		    p->parent == PART_NONE || t->parts[p->parent].kind == PART_MESSAGE;
		if (of_message && p->kind == PART_MULTIPART)
			continue;
		if (!first)
			(void)str_putc(to, '.');
		(void)str_putu(to, p->number);
		first = false;
	}
}

uint32_t part_by_number(const part_tree *t, span number)
{
	str have = str_new(16 * (PART_DEPTH_MAX + 1));
	uint32_t found = PART_NONE;
	for (uint32_t i = 0; i < t->count && found == PART_NONE; i++) {
		str_clear(&have);
		part_number(t, i, &have);
		if (span_eq(str_span(&have), number))
			found = i;
	}
	str_free(&have);
	return found;
}

bool part_type_is(const part *p, const char *type, const char *subtype)
{
	return span_eqi(p->type, span_str(type)) &&
	       (!subtype || span_eqi(p->subtype, span_str(subtype)));
}

bool part_field(const part *p, const char *name, span *body)
{
	header_field f;
	if (!header_get(p->header, name, &f))
		return false;
	*body = f.body;
	return true;
}
