#include "mail/code.h"

#include <string.h>

#include "base/die.h"

static const char hex_digits[] = "0123456789ABCDEF";

/* ---- names */

static const struct {
	const char *name;
	enum part_encoding encoding;
} names[] = {
    {"7bit", PART_7BIT},	   {"8bit", PART_8BIT},		{"binary", PART_BINARY},
    {"quoted-printable", PART_QP}, {"base64", PART_BASE64},	{"x-uuencode", PART_UUENCODE},
    {"x-uue", PART_UUENCODE},	   {"uuencode", PART_UUENCODE}, {"x-unknown", PART_UNKNOWN},
};

enum part_encoding code_by_name(span name)
{
	name = span_trim(name);
	name = span_trim(span_sub(name, 0, span_find(name, '(')));
	name = span_trim(span_sub(name, 0, span_find(name, ';')));
	if (name.n >= 2 && name.p[0] == '"' && name.p[name.n - 1] == '"')
		name = span_sub(name, 1, name.n - 1);
	if (name.n == 0)
		return PART_7BIT;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eqi(name, span_str(names[i].name)))
			return names[i].encoding;
	return PART_UNKNOWN;
}

span code_name(enum part_encoding encoding)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].encoding == encoding)
			return span_str(names[i].name);
	return S("x-unknown");
}

/* ---- decoding */

enum { BAD = 64, PAD = 65, SPACE = 66 };

static unsigned base64_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26u;
	if (c >= '0' && c <= '9')
		return c - '0' + 52u;
	switch (c) {
	case '+':
		return 62;
	case '/':
		return 63;
	case '=':
		return PAD;
	case '\r':
	case '\n':
	case ' ':
	case '\t':
		return SPACE;
	default:
		return BAD;
	}
}

static unsigned char base64_table[256];

static void make_table(void)
{
	if (base64_table['B'] == 1)
		return;
	for (unsigned i = 0; i < 256; i++)
		base64_table[i] = (unsigned char)base64_value((unsigned char)i);
}

void decoder_init(decoder *d, enum part_encoding encoding)
{
	*d = (decoder){.encoding = encoding};
	make_table();
}

size_t decoder_room(size_t n)
{
	return n + sizeof((decoder *)NULL)->held;
}

/* Four characters at once while nothing is in the way. */
static size_t base64_fast(const unsigned char **from, const unsigned char *end, char *dst)
{
	size_t n = 0;
	const unsigned char *p = *from;
	while (end - p >= 4) {
		unsigned a = base64_table[p[0]], b = base64_table[p[1]], c = base64_table[p[2]],
			 e = base64_table[p[3]];
		if ((a | b | c | e) & 0xc0)
			break;
		uint32_t bits = a << 18 | b << 12 | c << 6 | e;
		dst[n] = (char)(bits >> 16);
		dst[n + 1] = (char)(bits >> 8);
		dst[n + 2] = (char)bits;
		n += 3;
		p += 4;
	}
	*from = p;
	return n;
}

/* Padding ends a stream; another one may follow (seen where parts were joined). Bits that wait are given
 * at padding and at the end. */
static size_t base64_rest(decoder *d, char *dst)
{
	size_t n = 0;
	if (d->have == 2)
		dst[n++] = (char)(d->bits >> 4);
	else if (d->have == 3) {
		dst[n++] = (char)(d->bits >> 10);
		dst[n++] = (char)(d->bits >> 2);
	} else if (d->have == 1)
		d->damaged++;
	d->have = 0;
	d->bits = 0;
	return n;
}

static size_t base64_put(decoder *d, span input, char *dst)
{
	const unsigned char *p = (const unsigned char *)input.p, *end = p + input.n;
	size_t n = 0;
	while (p < end) {
		if (d->have == 0)
			n += base64_fast(&p, end, dst + n);
		if (p == end)
			break;
		unsigned v = base64_table[*p++];
		if (v == PAD) {
			n += base64_rest(d, dst + n);
		} else if (v < 64) {
			d->bits = d->bits << 6 | v;
			if (++d->have == 4) {
				dst[n++] = (char)(d->bits >> 16);
				dst[n++] = (char)(d->bits >> 8);
				dst[n++] = (char)d->bits;
				d->have = 0;
				d->bits = 0;
			}
		} else if (v == BAD) {
			d->damaged++;
		}
	}
	return n;
}

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}

static size_t give_held(decoder *d, char *dst)
{
	size_t n = d->held_n;
	memcpy(dst, d->held, n);
	d->held_n = 0;
	return n;
}

/* One octet. What waits: "=" and what follows it, or blanks that are dropped before a line end (RFC 2045,
 * 6.7, rule 3); more blanks than can wait are given. */
static size_t qp_octet(decoder *d, char c, char *dst)
{
	size_t n = 0;
	bool escape = d->held_n && d->held[0] == '=';
	if (escape && d->held_n == 1 && hex(c) >= 0) {
		d->held[d->held_n++] = c;
		return 0;
	}
	if (escape && d->held_n == 2 && hex(d->held[1]) >= 0 && hex(c) >= 0) {
		dst[0] = (char)(hex(d->held[1]) * 16 + hex(c));
		d->held_n = 0;
		return 1;
	}
	if (escape &&
	    (d->held_n == 1 || hex(d->held[1]) < 0)) { /* "=" [blanks] [CR]: soft line end */
		if (c == '\n') {
			d->held_n = 0;
			return 0;
		}
		if ((c == ' ' || c == '\t' || c == '\r') && d->held_n < sizeof d->held - 1) {
			d->held[d->held_n++] = c;
			return 0;
		}
	}
	if (escape) {
		d->damaged++;
		n = give_held(d, dst);
	}
	if (c == ' ' || c == '\t' || c == '\r') {
		if (d->held_n == sizeof d->held)
			n += give_held(d, dst + n);
		d->held[d->held_n++] = c;
		return n;
	}
	if (c == '\n') {
		bool crlf = d->held_n && d->held[d->held_n - 1] == '\r';
		d->held_n = 0;
		if (crlf)
			dst[n++] = '\r';
		dst[n++] = '\n';
		return n;
	}
	n += give_held(d, dst + n);
	if (c == '=')
		d->held[d->held_n++] = c;
	else
		dst[n++] = c;
	return n;
}

static bool qp_plain(char c)
{
	return (unsigned char)c > ' ' && c != '=';
}

static size_t qp_put(decoder *d, span input, char *dst)
{
	size_t n = 0, i = 0;
	while (i < input.n) {
		if (d->held_n == 0) {
			size_t from = i;
			while (i < input.n && qp_plain(input.p[i]))
				i++;
			memcpy(dst + n, input.p + from, i - from);
			n += i - from;
			if (i == input.n)
				break;
		}
		n += qp_octet(d, input.p[i++], dst + n);
	}
	return n;
}

enum { UU_BEFORE, UU_INSIDE };

static unsigned uu_value(char c)
{
	return ((unsigned char)c - 32u) & 63u;
}

static size_t uu_line(decoder *d, char *dst)
{
	span line = span_trim(span_of(d->held, d->held_n));
	size_t n = 0;
	if (d->state == UU_BEFORE) {
		d->state = span_starts(line, S("begin ")) ? UU_INSIDE : UU_BEFORE;
		return 0;
	}
	line = span_chomp(span_of(d->held, d->held_n));
	if (span_eq(span_trim(line), S("end"))) {
		d->state = UU_BEFORE;
		d->done = true;
		return 0;
	}
	size_t want = line.n ? uu_value(line.p[0]) : 0;
	for (size_t i = 1; n < want && i < line.n; i += 4) {
		unsigned v[4];
		for (size_t j = 0; j < 4; j++)
			v[j] = i + j < line.n ? uu_value(line.p[i + j]) : 0;
		char three[3] = {(char)(v[0] << 2 | v[1] >> 4), (char)(v[1] << 4 | v[2] >> 2),
				 (char)(v[2] << 6 | v[3])};
		for (size_t j = 0; j < 3 && n < want; j++)
			dst[n++] = three[j];
	}
	d->damaged += n < want;
	return n;
}

static size_t uu_put(decoder *d, span input, char *dst)
{
	size_t n = 0;
	for (size_t i = 0; i < input.n; i++) {
		if (d->held_n < sizeof d->held)
			d->held[d->held_n++] = input.p[i];
		if (input.p[i] == '\n') {
			n += uu_line(d, dst + n);
			d->held_n = 0;
		}
	}
	return n;
}

size_t decoder_put(decoder *d, span input, char *dst)
{
	switch (d->encoding) {
	case PART_BASE64:
		return base64_put(d, input, dst);
	case PART_QP:
		return qp_put(d, input, dst);
	case PART_UUENCODE:
		return uu_put(d, input, dst);
	default:
		if (input.n)
			memcpy(dst, input.p, input.n);
		return input.n;
	}
}

size_t decoder_end(decoder *d, char *dst)
{
	size_t n = 0;
	if (d->encoding == PART_BASE64)
		return base64_rest(d, dst);
	if (d->encoding == PART_UUENCODE) {
		n = d->held_n ? uu_line(d, dst) : 0;
		d->held_n = 0;
		return n;
	}
	if (d->encoding == PART_QP && d->held_n && d->held[0] == '=') {
		if (d->held_n == 2 && hex(d->held[1]) >= 0) {
			d->damaged++;
			return give_held(d, dst);
		}
		d->held_n = 0; /* a soft line end at the end of the body */
	}
	/* blanks at the end of the last line go, as before any line end */
	d->held_n = 0;
	return n;
}

void code_pieces(enum part_encoding encoding, span body, code_piece *each, void *arg)
{
	enum { PIECE = 65536 };
	char *out = xmalloc(decoder_room(body.n < PIECE ? body.n : PIECE));
	decoder d;
	decoder_init(&d, encoding);
	while (body.n) {
		span piece = span_sub(body, 0, PIECE);
		body = span_sub(body, PIECE, body.n);
		each(arg, span_of(out, decoder_put(&d, piece, out)));
	}
	each(arg, span_of(out, decoder_end(&d, out)));
	free(out);
}

static void keep_piece(void *arg, span decoded)
{
	(void)str_put(arg, decoded);
}

void code_decode(enum part_encoding encoding, span body, str *to)
{
	code_pieces(encoding, body, keep_piece, to);
}

/* ---- encoding */

void encoder_init(encoder *e, enum part_encoding encoding, bool text)
{
	*e = (encoder){.encoding = encoding, .text = text};
}

size_t encoder_room(size_t n)
{
	return n * 4 + 80;
}

enum { LINE = 76 }; /* RFC 2045, 6.7 (5) and 6.8 */

static size_t new_line(encoder *e, char *dst)
{
	size_t n = 0;
	if (e->crlf)
		dst[n++] = '\r';
	dst[n++] = '\n';
	e->column = 0;
	return n;
}

static size_t base64_group(encoder *e, const unsigned char *three, size_t have, char *dst)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)three[0] << 16 | (have > 1 ? (uint32_t)three[1] << 8 : 0) |
			(have > 2 ? three[2] : 0);
	size_t n = e->column == LINE ? new_line(e, dst) : 0;
	dst[n++] = alphabet[bits >> 18];
	dst[n++] = alphabet[bits >> 12 & 63];
	dst[n++] = have > 1 ? alphabet[bits >> 6 & 63] : '=';
	dst[n++] = have > 2 ? alphabet[bits & 63] : '=';
	e->column += 4;
	return n;
}

static size_t base64_encode(encoder *e, span s, char *dst)
{
	size_t n = 0, i = 0;
	while (e->held_n && e->held_n < 3 && i < s.n)
		e->held[e->held_n++] = (unsigned char)s.p[i++];
	if (e->held_n == 3) {
		n += base64_group(e, e->held, 3, dst);
		e->held_n = 0;
	}
	if (e->held_n == 0) {
		for (; s.n - i >= 3; i += 3)
			n += base64_group(e, (const unsigned char *)s.p + i, 3, dst + n);
		while (i < s.n)
			e->held[e->held_n++] = (unsigned char)s.p[i++];
	}
	return n;
}

/* What would be taken for something else at the beginning of a line is encoded there: "From " (mbox), a
 * lone dot (SMTP), and "--" where the line is one of ours: a delimiter line. */
static size_t qp_emit(encoder *e, unsigned char c, bool encode, char *dst)
{
	size_t n = 0, width = encode ? 3 : 1;
	bool soft = e->column + width > LINE - 1;
	if (soft) {
		dst[n++] = '=';
		n += new_line(e, dst + n);
	}
	if (e->column == 0 && (c == 'F' || c == '.' || (c == '-' && (soft || e->dashes)))) {
		encode = true;
		width = 3;
	}
	if (encode) {
		dst[n++] = '=';
		dst[n++] = hex_digits[c >> 4];
		dst[n++] = hex_digits[c & 15];
	} else {
		dst[n++] = (char)c;
	}
	e->column += width;
	return n;
}

/* What waited: a blank is encoded only before a line end or the end, a CR that is none always. */
static size_t qp_held(encoder *e, bool line_end, char *dst)
{
	size_t n = 0;
	for (size_t i = 0; i < e->held_n; i++)
		n += qp_emit(e, e->held[i], line_end || e->held[i] == '\r', dst + n);
	e->held_n = 0;
	return n;
}

static size_t qp_encode(encoder *e, span s, char *dst)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool cr = e->held_n && e->held[e->held_n - 1] == '\r';
		bool line_end = e->text && c == '\n' && cr == e->crlf;
		if (e->text && e->crlf && c == '\r' && !cr) {
			e->held[e->held_n++] = c;
			continue;
		}
		e->held_n -= line_end && cr;
		n += qp_held(e, line_end, dst + n);
		if (line_end)
			n += new_line(e, dst + n);
		else if (c == ' ' || c == '\t' || (e->text && e->crlf && c == '\r'))
			e->held[e->held_n++] = c;
		else
			n += qp_emit(e, c, c < ' ' || c >= 0x7f || c == '=', dst + n);
	}
	return n;
}

size_t encoder_put(encoder *e, span octets, char *dst)
{
	return e->encoding == PART_BASE64 ? base64_encode(e, octets, dst)
					  : qp_encode(e, octets, dst);
}

size_t encoder_end(encoder *e, char *dst)
{
	size_t n = 0;
	if (e->encoding == PART_BASE64) {
		if (e->held_n)
			n = base64_group(e, e->held, e->held_n, dst);
	} else {
		n = qp_held(e, true, dst);
		if (e->column && !e->open_end) /* no line end at the end of the text: a soft one */
			dst[n++] = '=';
	}
	if (e->column && !e->open_end)
		n += new_line(e, dst + n);
	e->held_n = 0;
	e->column = 0;
	return n;
}

/* No octet above 0x7f, no NUL, no CR. */
static bool plain_line(span s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t found = 0, word;
	size_t i = 0;
	for (; i + sizeof word <= s.n; i += sizeof word) {
		memcpy(&word, s.p + i, sizeof word);
		uint64_t cr = word ^ ones * '\r';
		/* exact for words without an octet above 0x7f, which are found anyway */
		found |= (word | (word - ones) | (cr - ones)) & tops;
	}
	for (; i < s.n; i++)
		found |= s.p[i] == 0 || s.p[i] == '\r' || (unsigned char)s.p[i] > 0x7f;
	return !found;
}

bool code_is_7bit(span s)
{
	while (s.n) {
		size_t n = span_find(s, '\n');
		bool crlf = n < s.n && n && s.p[n - 1] == '\r';
		span line = span_sub(s, 0, n - crlf);
		if (line.n > CODE_LINE_MAX || !plain_line(line))
			return false;
		s = span_sub(s, n + 1, s.n);
	}
	return true;
}

enum part_encoding code_choose(span octets, bool text, bool eight_bit_ok)
{
	size_t high = 0, control = 0, column = 0;
	bool plain = true;
	for (size_t i = 0; i < octets.n; i++) {
		unsigned char c = (unsigned char)octets.p[i];
		high += c >= 0x80;
		bool crlf = c == '\r' && i + 1 < octets.n && octets.p[i + 1] == '\n';
		control += c < ' ' && c != '\n' && c != '\t' && !crlf;
		plain = plain && c != 0 && c != '\r';
		column = c == '\n' ? 0 : column + 1;
		plain = plain && column <= CODE_LINE_MAX;
	}
	if (plain && high == 0 && (text || control == 0))
		return PART_7BIT;
	if (plain && eight_bit_ok && text)
		return PART_8BIT;
	return text && control <= octets.n / 6 ? PART_QP : PART_BASE64;
}
