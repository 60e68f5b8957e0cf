#include "imap/read.h"

enum {
	DROPPED_MAX = 1 << 20,	 /* octets of a line that are read to find its end */
	DRAINED_MAX = 256 << 20, /* of a literal that is refused, and comes all the same */
	LITERAL_MAX = 1 << 30,	 /* larger ones are BAD, whatever they are for */
	CHUNK = 4096,
	KEPT = 16384, /* octets of a command's memory that an idle session keeps */
};

imap_reader imap_reader_new(in *from, out *to, size_t max)
{
	return (imap_reader){.in = from, .out = to, .text = str_new(max)};
}

void imap_reader_free(imap_reader *r)
{
	str_free(&r->text);
}

static enum imap_read ended(const imap_reader *r, enum in_result result)
{
	if (r->stop && *r->stop)
		return IMAP_READ_STOP;
	return result == IN_TIMEOUT ? IMAP_READ_LATE : IMAP_READ_LOST;
}

static enum imap_read bye(imap_reader *r, const char *words)
{
	r->words = words;
	return IMAP_READ_BYE;
}

static void refuse(imap_reader *r, const char *words)
{
	if (!r->over)
		r->words = words;
	r->over = true;
}

/* ---- lines */

static void keep_tail(imap_reader *r, span piece)
{
	size_t keep = sizeof r->tail - (piece.n < sizeof r->tail ? piece.n : sizeof r->tail);
	if (keep > r->tail_n)
		keep = r->tail_n;
	memmove(r->tail, r->tail + (r->tail_n - keep), keep);
	if (piece.n > sizeof r->tail)
		piece = span_sub(piece, piece.n - sizeof r->tail, piece.n);
	memcpy(r->tail + keep, piece.p, piece.n);
	r->tail_n = keep + piece.n;
}

/* One line into the text, without its end; its last octets in the tail. */
static enum imap_read take_line(imap_reader *r)
{
	enum in_result result = IN_LONG;
	r->tail_n = 0;
	while (result == IN_LONG) {
		span piece;
		result = in_line(r->in, r->in->size, &piece);
		if (result != IN_OK && result != IN_LONG)
			return ended(r, result);
		if (result == IN_OK && !span_ends(piece, S("\n")))
			return ended(r, IN_EOF);
		if (memchr(piece.p, 0, piece.n))
			refuse(r, "BAD a NUL in a command");
		keep_tail(r, piece);
		if (!r->over && !str_put(&r->text, piece))
			refuse(r, "BAD [TOOBIG] command too long");
		r->dropped += r->over ? piece.n : 0;
		if (r->dropped > DROPPED_MAX)
			return bye(r, "command too long");
	}
	span line =
	    span_of(r->tail, r->tail_n); /* a CR of a literal before it is no part of its end */
	if (!r->over)
		str_cut(&r->text, r->text.n - (line.n - span_chomp(line).n));
	return IMAP_READ;
}

/* ---- literals */

typedef struct literal {
	span before; /* of the text, without "{…}" */
	uint64_t octets;
	bool huge;
	bool waits; /* for "+" */
} literal;

/* Whether the line ends with "{n}" or "{n+}". */
static bool announced(const imap_reader *r, literal *l)
{
	span line = span_chomp(span_of(r->tail, r->tail_n));
	if (!span_ends(line, S("}")))
		return false;
	span number = span_sub(line, 0, line.n - 1);
	l->waits = !span_ends(number, S("+"));
	number.n -= !l->waits;
	size_t digits = 0;
	while (digits < number.n && ascii_digit((unsigned char)number.p[number.n - 1 - digits]))
		digits++;
	bool cut = digits == number.n && r->tail_n == sizeof r->tail; /* more digits than that */
	if (!digits || (!cut && (digits == number.n || number.p[number.n - 1 - digits] != '{')))
		return false;
	l->huge = cut ||
		  !span_u64(span_sub(number, number.n - digits, number.n), LITERAL_MAX, &l->octets);
	size_t all = digits + 2 + !l->waits;
	l->before = span_sub(str_span(&r->text), 0, r->text.n > all ? r->text.n - all : 0);
	return true;
}

/* The next octets of a literal, at most n of them. */
static enum imap_read some(imap_reader *r, uint64_t n, span *octets)
{
	enum in_result result = in_peek(r->in, octets);
	if (result != IN_OK)
		return ended(r, result);
	*octets = span_sub(*octets, 0, n < octets->n ? (size_t)n : octets->n);
	return IMAP_READ;
}

static enum imap_read drain(imap_reader *r, uint64_t n)
{
	span octets;
	while (n) {
		enum imap_read result = some(r, n, &octets);
		if (result != IMAP_READ)
			return result;
		n -= octets.n;
		in_skip(r->in, octets.n);
	}
	return IMAP_READ;
}

static enum imap_read take_text(imap_reader *r, const literal *l)
{
	uint64_t n = l->octets;
	span octets;
	while (n) {
		enum imap_read result = some(r, n, &octets);
		if (result != IMAP_READ)
			return result;
		(void)str_put(&r->text, octets);
		n -= octets.n;
		in_skip(r->in, octets.n);
	}
	return IMAP_READ;
}

/* CRLF becomes LF, in any number of chunks; *cr: the last octet was a CR, and is not written yet. */
static size_t with_lf(imap_reader *r, span from, char *to, bool *cr)
{
	size_t n = 0;
	for (size_t i = 0; i < from.n; i++) {
		char c = from.p[i];
		if (*cr && c != '\n') {
			r->bare_cr = true;
			to[n++] = '\r';
		}
		*cr = c == '\r';
		if (!*cr)
			to[n++] = c;
	}
	return n;
}

/* After a failure the rest is read and dropped: the client must be told by name what happened. */
static enum imap_read take_file(imap_reader *r, const literal *l, int fd)
{
	char buf[CHUNK + 1];
	uint64_t n = l->octets;
	bool cr = false;
	span octets;
	while (n) {
		enum imap_read result = some(r, n < CHUNK ? n : CHUNK, &octets);
		if (result != IMAP_READ)
			return result;
		size_t made = with_lf(r, octets, buf, &cr);
		if (!r->error && !write_all(fd, span_of(buf, made)))
			r->error = errno;
		n -= octets.n;
		in_skip(r->in, octets.n);
	}
	r->bare_cr |= cr;
	if (cr && !r->error && !write_all(fd, S("\r")))
		r->error = errno;
	return IMAP_READ;
}

static enum imap_literal choose(imap_reader *r, const literal *l, int *fd)
{
	enum imap_literal what = IMAP_LITERAL_TEXT;
	if (l->huge)
		r->words = "BAD [TOOBIG] literal too large";
	else if (r->literal)
		what = r->literal(r->arg, l->before, l->octets, fd);
	if (l->huge)
		what = IMAP_LITERAL_REFUSE;
	if (what == IMAP_LITERAL_TEXT && l->octets > r->text.max - r->text.n - 2) {
		r->words = "BAD [TOOBIG] literal too large";
		what = IMAP_LITERAL_REFUSE;
	}
	if (what == IMAP_LITERAL_REFUSE)
		r->over = true;
	return what;
}

/* RFC 7888, 4: what was refused is dropped where it comes without being asked for. */
static enum imap_read refused(imap_reader *r, const literal *l, bool *done)
{
	*done = l->waits;
	if (l->waits)
		return IMAP_READ;
	if (l->huge || l->octets > DRAINED_MAX)
		return bye(r, "literal too large");
	return drain(r, l->octets);
}

static enum imap_read take_literal(imap_reader *r, const literal *l, bool *done)
{
	int fd = -1;
	if (!r->over && r->text.max - r->text.n < 2)
		refuse(r, "BAD [TOOBIG] command too long");
	enum imap_literal what = r->over ? IMAP_LITERAL_REFUSE : choose(r, l, &fd);
	if (what == IMAP_LITERAL_REFUSE)
		return refused(r, l, done);
	if (l->waits)
		out_puts(r->out, "+ OK\r\n");
	if (what == IMAP_LITERAL_FILE) {
		str_cut(&r->text, l->before.n);
		(void)str_put(&r->text, S("\"\""));
		return take_file(r, l, fd);
	}
	(void)str_put(&r->text, S("\r\n"));
	return take_text(r, l);
}

static enum imap_read take_command(imap_reader *r)
{
	literal l;
	bool done = false;
	while (!done) {
		enum imap_read result = take_line(r);
		if (result != IMAP_READ)
			return result;
		done = !announced(r, &l);
		if (!done)
			result = take_literal(r, &l, &done);
		if (result != IMAP_READ)
			return result;
	}
	return r->over ? IMAP_READ_BAD : IMAP_READ;
}

static void begin(imap_reader *r)
{
	if (r->text.room > KEPT) {
		size_t max = r->text.max;
		str_free(&r->text);
		r->text = str_new(max);
	}
	str_clear(&r->text);
	r->over = r->bare_cr = false;
	r->dropped = 0;
	r->error = 0;
	r->words = "";
	if (r->waiting)
		*r->waiting = 1;
}

static enum imap_read end(imap_reader *r, enum imap_read result)
{
	if (r->waiting)
		*r->waiting = 0;
	return result;
}

enum imap_read imap_read_command(imap_reader *r, span *command)
{
	begin(r);
	enum imap_read result = r->stop && *r->stop ? IMAP_READ_STOP : take_command(r);
	*command = str_span(&r->text);
	return end(r, result);
}

enum imap_read imap_read_line(imap_reader *r, size_t limit, span *line)
{
	begin(r);
	enum imap_read result = r->stop && *r->stop ? IMAP_READ_STOP : take_line(r);
	*line = str_span(&r->text);
	if (result == IMAP_READ && (r->over || line->n > limit))
		result = IMAP_READ_BAD;
	return end(r, result);
}
