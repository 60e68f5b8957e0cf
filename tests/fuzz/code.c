/* links: mail io base : z */
/* The first octet chooses the encoding and the cut: any cut gives the same octets; what is encoded comes back. */
#include <stdlib.h>

#include "mail/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode_by(enum part_encoding e, span in, size_t step, str *to)
{
	char *buf = malloc(decoder_room(step));
	decoder d;
	if (!buf)
		abort();
	decoder_init(&d, e);
	for (; in.n; in = span_sub(in, step, in.n))
		(void)str_put(to, span_of(buf, decoder_put(&d, span_sub(in, 0, step), buf)));
	(void)str_put(to, span_of(buf, decoder_end(&d, buf)));
	free(buf);
}

static void round_trip(enum part_encoding e, span in, size_t step)
{
	char *buf = malloc(encoder_room(step));
	str wire = str_new(1 << 24), back = str_new(1 << 24);
	encoder c;
	if (!buf)
		abort();
	encoder_init(&c, e, false);
	for (span rest = in; rest.n; rest = span_sub(rest, step, rest.n))
		(void)str_put(&wire, span_of(buf, encoder_put(&c, span_sub(rest, 0, step), buf)));
	(void)str_put(&wire, span_of(buf, encoder_end(&c, buf)));
	code_decode(e, str_span(&wire), &back);
	if (!span_eq(str_span(&back), in))
		abort();
	str_free(&wire);
	str_free(&back);
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum part_encoding all[] = {PART_QP, PART_BASE64, PART_UUENCODE, PART_8BIT};
	if (size == 0)
		return 0;
	span in = span_of((const char *)data + 1, size - 1);
	str whole = str_new(1 << 24), cut = str_new(1 << 24);
	enum part_encoding e = all[data[0] % 4];
	size_t step = data[0] / 4 % 16 + 1;
	code_decode(e, in, &whole);
	decode_by(e, in, step, &cut);
	if (!span_eq(str_span(&whole), str_span(&cut)))
		abort();
	if (e == PART_QP || e == PART_BASE64)
		round_trip(e, in, step);
	str_free(&whole);
	str_free(&cut);
	return 0;
}
