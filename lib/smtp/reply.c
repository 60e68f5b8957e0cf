#include "smtp/reply.h"

#include <string.h>

void reply_init(reply *r)
{
	*r = (reply){.text = str_new(REPLY_TEXT_MAX)};
}

void reply_free(reply *r)
{
	str_free(&r->text);
}

void reply_clear(reply *r)
{
	str text = r->text;
	str_clear(&text);
	*r = (reply){.text = text};
}

/* Reply-line = code [ SP / "-" text ] (RFC 5321, 4.2). A code without anything behind it is
 * accepted, as 4.2.1 asks of clients. False where the line starts with no code that fits. */
static bool line_head(reply *r, span *piece)
{
	uint64_t code;
	char mark = piece->n > 3 ? piece->p[3] : '\n';
	if (piece->n < 3 || !span_u64(span_sub(*piece, 0, 3), 599, &code) || code < 200)
		return false;
	if (r->code && r->code != (int)code)
		return false;
	if (mark != ' ' && mark != '-' && mark != '\r' && mark != '\n' && mark != '\t')
		return false;
	r->code = (int)code;
	r->last = mark != '-';
	*piece = span_sub(*piece, mark == ' ' || mark == '-' || mark == '\t' ? 4 : 3, piece->n);
	return true;
}

static void keep(reply *r, span text)
{
	size_t room = REPLY_LINE_KEPT - r->kept;
	if (r->lines > REPLY_LINES_MAX)
		return;
	if (text.n > room)
		text.n = room;
	if (r->text.n + text.n > r->text.max)
		text.n = r->text.max - r->text.n;
	(void)str_put(&r->text, text);
	r->kept += text.n;
}

enum reply_result reply_feed(reply *r, span piece)
{
	bool ends = piece.n && piece.p[piece.n - 1] == '\n';
	r->octets += piece.n;
	if (r->octets > REPLY_OCTETS_MAX)
		return REPLY_BAD;
	if (!r->inside) {
		if (!line_head(r, &piece))
			return REPLY_BAD;
		r->kept = 0;
		if (r->lines && r->lines < REPLY_LINES_MAX)
			(void)str_putc(&r->text, '\n');
		if (r->lines <= REPLY_LINES_MAX)
			r->lines++;
	}
	r->inside = !ends;
	keep(r, span_chomp(piece));
	return ends && r->last ? REPLY_DONE : REPLY_MORE;
}

span reply_text_line(const reply *r, size_t i)
{
	span rest = str_span(&r->text), line = S("");
	for (size_t at = 0; at <= i; at++) {
		if (rest.n == 0)
			return S("");
		line = span_cut(&rest, '\n');
	}
	return line;
}

status reply_status(const reply *r)
{
	span rest = str_span(&r->text), first_code = S(""), code, words, line;
	str joined = str_new(REPLY_TEXT_MAX);
	status st;
	for (bool first = true; rest.n; first = false) {
		line = span_trim(span_cut(&rest, '\n'));
		if (first && status_enhanced(line, &code, &words))
			first_code = code;
		else if (first_code.n && status_enhanced(line, &code, &words) &&
			 span_eq(code, first_code))
			line = words;
		if (!first)
			(void)str_putc(&joined, ' ');
		(void)str_put(&joined, line);
	}
	st = status_from_reply(r->code, str_span(&joined));
	str_free(&joined);
	return st;
}
