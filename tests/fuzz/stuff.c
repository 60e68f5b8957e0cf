/* links: smtp base */
/* The first two octets choose chunk and window; the rest is a message. */
#include "smtp/stuff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(span out)
{
	bool ended = false;
	while (out.n) {
		span line = span_sub(out, 0, span_find(out, '\n') + 1);
		out = span_sub(out, line.n, out.n);
		if (ended || !span_ends(line, S("\r\n")) || span_find(line, '\r') != line.n - 2)
			__builtin_trap();
		if (line.p[0] == '.' && line.p[1] != '.') {
			ended = true;
			if (!span_eq(line, S(".\r\n")))
				__builtin_trap();
		}
	}
	if (!ended)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	size_t piece = data[0] % 16u + 1, room = data[1] % 32u + 4, n = 0;
	span in = {(const char *)data + 2, size - 2};
	char *to = malloc(in.n * 2 + 64);
	stuff s = {.cr = false};
	stuff_facts f = {.octets = 0};
	while (in.n) {
		span chunk = span_sub(in, 0, piece);
		in = span_sub(in, chunk.n, in.n);
		stuff_look(&f, chunk);
		while (chunk.n)
			n += stuff_some(&s, &chunk, to + n, room);
	}
	stuff_look_end(&f);
	n += stuff_end(&s, to + n);
	check((span){to, n});
	if (f.octets != size - 2 || f.wire < f.octets || (!f.bare_cr && n < f.wire + 3))
		__builtin_trap();
	free(to);
	return 0;
}
