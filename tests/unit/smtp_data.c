/* links: smtp mail io base : z */
/* The end of data and the dots, each case whole, one octet at a time, and cut at every place. */
#include "smtp/data.h"

#include "tests/unit/unit.h"

typedef struct result {
	char text[256];
	size_t n;
	data d;
	span rest;
} result;

/* Pieces of `step` octets; 0: two pieces, cut at `cut`. Each is a block of its own size, as is its output. */
static void run(span input, size_t step, size_t cut, result *r)
{
	*r = (result){.n = 0};
	size_t at = 0;
	while (at < input.n && r->d.state != DATA_END) {
		size_t n = step ? step : at == 0 && cut ? cut : input.n - at;
		span piece = unit_copy(span_sub(input, at, at + n)), from = piece;
		char *to = malloc(piece.n + DATA_SLACK);
		size_t got = to ? data_convert(&r->d, &from, to) : 0;
		if (to && r->n + got <= sizeof r->text) {
			memcpy(r->text + r->n, to, got);
			r->n += got;
		}
		at += piece.n - from.n;
		free(to);
		free((char *)(uintptr_t)piece.p);
	}
	r->rest = span_sub(input, at, input.n);
}

static const struct {
	const char *in, *out, *rest;
	bool end, bare_cr, bare_lf;
} cases[] = {
    {"a\r\n.\r\n", "a\n", "", true, false, false},
    {".\r\n", "", "", true, false, false},
    {"a\r\n.\r\nQUIT\r\n", "a\n", "QUIT\r\n", true, false, false},
    {"a\r\n..\r\n.\r\n", "a\n.\n", "", true, false, false},
    {"a\r\n...\r\n.\r\n", "a\n..\n", "", true, false, false},
    {"a\r\n.b\r\n.\r\n", "a\nb\n", "", true, false, false},
    {"..a\r\n.\r\n", ".a\n", "", true, false, false},
    {"a.b.\r\n.\r\n", "a.b.\n", "", true, false, false},
    {"\r\n\r\n.\r\n", "\n\n", "", true, false, false},
    {"\r\n.\r\n", "\n", "", true, false, false},
    {"a\r\n", "a\n", "", false, false, false},
    {"a\r\n.", "a\n", "", false, false, false},
    {"a\r\n.\r", "a\n", "", false, false, false},
    {"a", "a", "", false, false, false},
    {"a\r", "a", "", false, false, false},
    /* how mail is smuggled: none of these is an end */
    {"a\n.\nb\r\n.\r\n", "a\n.\nb\n", "", true, false, true},
    {"a\n.\r\nb\r\n.\r\n", "a\n.\nb\n", "", true, false, true},
    {"a\r\n.\nb\r\n.\r\n", "a\n.\nb\n", "", true, false, true},
    {"a\r.\rb\r\n.\r\n", "a\r.\rb\n", "", true, true, false},
    {"a\r.\r\nb\r\n.\r\n", "a\r.\nb\n", "", true, true, false},
    {"a\r\n.\rb\r\n.\r\n", "a\n\rb\n", "", true, true, false},
    {"a\r\n.\r\r\nb\r\n.\r\n", "a\n\r\nb\n", "", true, true, false},
    {"a\n\r\n.\r\n", "a\n\n", "", true, false, true},
    {"a\r\r\n.\r\n", "a\r\n", "", true, true, false},
    {"a\n..\r\n.\r\n", "a\n..\n", "", true, false, true},
    {"\n.\r\n\r\n.\r\n", "\n.\n\n", "", true, false, true},
    {".\n.\r\n\r\n.\r\n", ".\n.\n\n", "", true, false, true},
    {"a\n", "a\n", "", false, false, true},
    {"\rb\r\n.\r\n", "\rb\n", "", true, true, false},
    {"\r\r\r\n.\r\n", "\r\r\n", "", true, true, false},
};

static bool same(const result *r, size_t i)
{
	return span_eq(span_of(r->text, r->n), span_str(cases[i].out)) &&
	       span_eq(r->rest, span_str(cases[i].rest)) &&
	       (r->d.state == DATA_END) == cases[i].end && r->d.bare_cr == cases[i].bare_cr &&
	       r->d.bare_lf == cases[i].bare_lf;
}

static void table(void)
{
	result r;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = span_str(cases[i].in);
		run(in, in.n, 0, &r);
		CHECK(same(&r, i), "case %zu at once", i);
		run(in, 1, 0, &r);
		CHECK(same(&r, i), "case %zu, one octet at a time", i);
		bool all = true;
		for (size_t cut = 1; cut < in.n; cut++) {
			run(in, 0, cut, &r);
			all &= same(&r, i);
		}
		CHECK(all, "case %zu, cut at every place", i);
	}
}

static void sizes(void)
{
	static const struct {
		const char *in;
		uint64_t wire;
	} wires[] = {
	    {"a\r\n.\r\n", 3},	     {".\r\n", 0}, {"..\r\n.\r\n", 3}, {"\r\n.\r\n", 2},
	    {".ab\r\n\r\n.\r\n", 6},
	};
	result r;
	for (size_t i = 0; i < sizeof wires / sizeof *wires; i++) {
		span in = span_str(wires[i].in);
		run(in, in.n, 0, &r);
		uint64_t once = r.d.wire;
		run(in, 1, 0, &r);
		CHECK(once == wires[i].wire && r.d.wire == once, "wire size of case %zu: %llu", i,
		      (unsigned long long)once);
	}
}

static void octets(void)
{
	char in[260], want[256];
	size_t n = 0, m = 0;
	result r;
	for (int c = 0; c < 256; c++)
		if (c != '\r' && c != '\n')
			in[n++] = want[m++] = (char)c;
	memcpy(in + n, "\r\n.\r\n", 5);
	want[m++] = '\n';
	run(span_of(in, n + 5), n + 5, 0, &r);
	CHECK(span_eq(span_of(r.text, r.n), span_of(want, m)) && r.d.state == DATA_END,
	      "NUL and 8-bit octets pass");
}

int main(void)
{
	table();
	sizes();
	octets();
	return unit_done();
}
