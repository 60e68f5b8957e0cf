/* links: pop3 mail base : */
/* A message to its wire form in chunks and pieces. What must hold: without the doubled dots it is the message with CRLF
 * line ends, its end mark is the only one, and TOP is a front of it that the chunks do not change. */
#include "pop3/cmd.h"
#include "pop3/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t convert(span in, size_t step, size_t room, char *to)
{
	crlf w = {.dots = true};
	size_t at = 0;
	for (size_t i = 0; i < in.n; i += step) {
		span chunk = span_sub(in, i, i + step);
		while (chunk.n) {
			size_t n = crlf_some(&w, &chunk, to + at, room);
			if (n == 0 || n > room)
				__builtin_trap();
			at += n;
		}
	}
	return at + pop3_wire_end(&w, to + at);
}

/* What a client does: lines by LF, a dot off the front, until the single dot. */
static void client(span wire, span in)
{
	char *back = malloc(2 * in.n + 4), *want = malloc(2 * in.n + 4);
	size_t n = 0, m = 0;
	span line;
	do {
		size_t lf = span_find(wire, '\n');
		if (lf == wire.n || lf == 0 || wire.p[lf - 1] != '\r')
			__builtin_trap();
		line = span_sub(wire, 0, lf + 1);
		wire = span_sub(wire, lf + 1, SIZE_MAX);
		if (span_eq(line, S(".\r\n")))
			break;
		if (line.p[0] == '.')
			line = span_sub(line, 1, SIZE_MAX);
		memcpy(back + n, line.p, line.n);
		n += line.n;
	} while (wire.n);
	if (wire.n || !span_eq(line, S(".\r\n")))
		__builtin_trap();
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\n' && (i == 0 || in.p[i - 1] != '\r'))
			want[m++] = '\r';
		want[m++] = in.p[i];
	}
	if (in.n && in.p[in.n - 1] != '\n') {
		if (in.p[in.n - 1] != '\r')
			want[m++] = '\r';
		want[m++] = '\n';
	}
	if (!span_eq(span_of(back, n), span_of(want, m)))
		__builtin_trap();
	free(back);
	free(want);
}

static size_t top(span in, uint64_t lines, size_t step)
{
	pop3_top t = {.lines = lines};
	size_t at = 0;
	for (size_t i = 0; i < in.n && !t.done; i += step)
		at += pop3_top_some(&t, span_sub(in, i, i + step));
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3)
		return 0;
	size_t step = data[0] % 16 + 1, room = data[1] % 16 + CRLF_ROOM;
	uint64_t lines = data[2] % 8, number, more;
	span in = span_of((const char *)data + 3, size - 3);
	char *wire = malloc(3 * in.n + 64);
	size_t n = convert(in, step, room, wire);
	client(span_of(wire, n), in);
	if (top(in, lines, step) != top(in, lines, in.n + 1) ||
	    top(in, lines, step) > top(in, lines + 1, step))
		__builtin_trap();
	pop3_cmd c = pop3_cmd_parse(in);
	if (c.args.p && c.args.p + c.args.n > in.p + in.n)
		__builtin_trap();
	if (pop3_number(&c, &number) && (number == 0 || number > UINT32_MAX))
		__builtin_trap();
	if (pop3_top_args(&c, &number, &more) && number == 0)
		__builtin_trap();
	free(wire);
	return 0;
}
