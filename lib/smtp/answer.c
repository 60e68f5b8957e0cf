#include "smtp/answer.h"

static void put_line(out *o, int code, char mark, const char *enhanced, span text)
{
	char head[4] = {(char)('0' + code / 100 % 10), (char)('0' + code / 10 % 10),
			(char)('0' + code % 10), mark};
	out_put(o, span_of(head, sizeof head));
	if (enhanced && *enhanced) {
		out_puts(o, enhanced);
		out_putc(o, ' ');
	}
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		out_putc(o, c >= 0x20 && c < 0x7f ? c : '?');
	}
	out_put(o, S("\r\n"));
}

void answer_put(out *o, int code, const char *enhanced, span text)
{
	do {
		span line = span_cut(&text, '\n');
		put_line(o, code, text.n ? '-' : ' ', enhanced, line);
	} while (text.n);
}

void answer_status(out *o, const status *st)
{
	if (st->reply >= 200 && st->reply < 600)
		answer_put(o, st->reply, st->enhanced, span_str(st->text));
	else
		answer_put(o, 451, "4.3.0", span_str(st->text));
}
