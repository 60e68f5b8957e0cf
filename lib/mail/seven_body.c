#include "mail/seven_body.h"

#include <string.h>

#include "mail/code.h"

enum { PIECE = 4096 };

static bool is_text(const part *p)
{
	return part_type_is(p, "text", NULL) || part_type_is(p, "message", NULL);
}

bool seven_identity(const part *p)
{
	/* it would decode to nothing */
	if (p->encoding == PART_UUENCODE && !memmem(p->body.p, p->body.n, "begin ", 6))
		return true;
	return p->kind != PART_LEAF || p->encoding == PART_7BIT || p->encoding == PART_8BIT ||
	       p->encoding == PART_BINARY || p->encoding == PART_UNKNOWN;
}

enum part_encoding seven_encoding(const part *p)
{
	enum part_encoding e =
	    seven_identity(p) ? code_choose(p->body, is_text(p), false) : p->encoding;
	return e == PART_QP ? PART_QP : PART_BASE64;
}

typedef struct coding {
	encoder e;
	bool lines; /* LF → CRLF */
	bool cr;    /* the last octet was a CR */
	edit_put *put;
	void *arg;
} coding;

static void put_coded(void *arg, span octets)
{
	coding *c = arg;
	char lines[2 * PIECE], coded[8 * PIECE + 80]; /* encoder_room() of lines */
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
		c->put(c->arg, span_of(coded, encoder_put(&c->e, piece, coded)));
	}
}

/* Whether a line of quoted-printable can be a delimiter line of what the part is in: only of a boundary with
 * "=XX" in it. */
static bool can_be_delimiter(const part_tree *t, uint32_t i)
{
	for (; i != PART_NONE; i = t->parts[i].parent) {
		span b = t->parts[i].boundary;
		for (size_t k = 0; k + 2 < b.n; k++)
			if (b.p[k] == '=' && b.p[k + 1] != '_' && b.p[k + 1] != '-')
				return true;
	}
	return false;
}

static bool first_line_is_crlf(span text, bool otherwise)
{
	size_t n = span_find(text, '\n');
	return n == text.n ? otherwise : n > 0 && text.p[n - 1] == '\r';
}

void seven_body(const part_tree *t, uint32_t i, seven_style style, edit_put *put, void *arg)
{
	const part *p = t->parts + i;
	bool identity = seven_identity(p);
	char end[160];
	coding c = {.put = put, .arg = arg};
	encoder_init(&c.e, style.encoding, true);
	c.lines = c.e.encoding == PART_BASE64 && identity && is_text(p);
	c.e.crlf = c.e.encoding == PART_QP ? first_line_is_crlf(p->body, style.crlf) : style.crlf;
	c.e.open_end = style.line_end;
	/* what was decoded, or a container, may have lines of any kind */
	c.e.dashes = p->kind != PART_LEAF || !identity || can_be_delimiter(t, i);
	code_pieces(identity ? PART_BINARY : p->encoding, p->body, put_coded, &c);
	put(arg, span_of(end, encoder_end(&c.e, end)));
}
