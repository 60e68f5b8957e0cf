/* links: mail io base : z */
/* Messages made at random, of what may go wrong in each other's company; what must hold of them is in the fuzz target,
 * which ends the program where it does not. */
#include "tests/fuzz/seven.c" /* NOLINT */
#include "tests/unit/unit.h"

enum { MESSAGES = 10000, DEPTH = 4 };

static uint32_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)seed * n >> 32);
}

#define ANY(list) list[below(sizeof list / sizeof *list)]

static const char *const boundaries[] = {"b", "bb", "b--", "=C3=A9", "a?", "=_x", "b b"};
static const char *const bits[] = {"\xc3\xa9",
				   "\xe9",
				   "\r",
				   "=",
				   " ",
				   "\t",
				   "--b",
				   "\n",
				   "--",
				   "F",
				   "From ",
				   ".",
				   "word ",
				   "\xed\x95\x9c",
				   "\n--b\xc3\xa9\n",
				   "=C3",
				   "--=C3=A9",
				   "\n--a?",
				   "=\n",
				   "bbb"};
static const char *const names[] = {"Subject",
				    "To",
				    "X-A",
				    "Message-ID",
				    "From ",
				    ">From ",
				    "Content-Description",
				    "References",
				    "MIME-Version",
				    "Content-Disposition"};
static const char *const values[] = {"caf\xc3\xa9",
				     "\xed\x95\x9c <a@b>",
				     "\"q \xe9\" <a@b>, x@y (c\xc3\xa9)",
				     "<\xc3\xa9@x>",
				     "plain",
				     "attachment; filename=\"\xc3\xa9\"",
				     "a\n\tb \xe9",
				     "=?utf-8?Q?=C3=A9?= \xc3\xa9"};
static const char *const encodings[] = {"8bit",	  "7bit",	"binary", "quoted-printable",
					"base64", "x-uuencode", "8-bit"};

static void put_text(str *to)
{
	for (uint32_t n = below(12); n; n--) {
		uint32_t many = below(20) ? 1 : 400;
		const char *bit = ANY(bits);
		if (below(30) == 0)
			(void)str_putc(to, 0);
		for (; many; many--)
			(void)str_put(to, span_str(bit));
	}
}

static void put_header(str *to)
{
	for (uint32_t n = below(3); n; n--) {
		const char *name = ANY(names), *value = ANY(values);
		(void)str_printf(to, "%s: %s\n", name, value);
	}
	for (uint32_t n = below(3); n; n--)
		(void)str_printf(to, "Content-Transfer-Encoding: %s\n", ANY(encodings));
}

static void put_part(str *to, int depth);

static void put_multipart(str *to, int depth)
{
	static const char *const types[] = {"mixed",  "mixed",	"mixed",
					    "signed", "digest", "encrypted"};
	static const char *const more[] = {"", "; x=\"\xc3\xa9\""};
	static const char *const ends[] = {"", " ", " \t"};
	static const char *const closes[] = {"--\n", "--\xc3\xa9\n", "\n"};
	const char *b = ANY(boundaries), *type = ANY(types), *x = ANY(more);
	(void)str_printf(to, "Content-Type: multipart/%s; boundary=\"%s\"%s\n\n", type, b, x);
	put_text(to);
	for (uint32_t n = below(4); n; n--) {
		const char *end = ANY(ends);
		(void)str_printf(to, "\n--%s%s\n", b, end);
		put_part(to, depth + 1);
	}
	(void)str_printf(to, "\n--%s%s", b, ANY(closes));
	put_text(to);
}

static void put_part(str *to, int depth)
{
	static const char *const types[] = {"",
					    "Content-Type: text/plain; charset=utf-8\n",
					    "Content-Type: image/png\n",
					    "Content-Type: message/delivery-status\n",
					    "Content-Type: message/rfc822\n",
					    "Content-Type: message/global\n"};
	uint32_t kind = below(depth < DEPTH ? 9 : 4);
	put_header(to);
	if (kind > 5) {
		put_multipart(to, depth);
		return;
	}
	(void)str_put(to, span_str(types[kind]));
	if (below(10))
		(void)str_putc(to, '\n');
	if (kind > 3)
		put_part(to, depth + 1);
	else
		put_text(to);
}

static void with_crlf(const str *from, str *to)
{
	for (size_t i = 0; i < from->n; i++) {
		if (from->p[i] == '\n')
			(void)str_putc(to, '\r');
		(void)str_putc(to, from->p[i]);
	}
}

int main(void)
{
	str lf = str_new(1 << 20), crlf = str_new(1 << 21);
	for (uint32_t i = 0; i < MESSAGES; i++) {
		seed = i;
		str_clear(&lf);
		str_clear(&crlf);
		if (below(5) == 0)
			(void)str_put(&lf, S("From x\xe9\n"));
		put_part(&lf, 0);
		with_crlf(&lf, &crlf);
		const str *m = below(3) ? &lf : &crlf;
		span in = unit_copy(str_span(m));
		(void)LLVMFuzzerTestOneInput((const uint8_t *)in.p, in.n);
		free((char *)(uintptr_t)in.p);
	}
	CHECK(true, "%d messages", MESSAGES);
	str_free(&lf);
	str_free(&crlf);
	return unit_done();
}
