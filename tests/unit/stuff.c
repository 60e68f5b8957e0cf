/* links: smtp base */
#include "smtp/stuff.h"

#include "tests/unit/unit.h"

/* The wire form of `in`, taken in chunks of `piece` octets through a window of `room`. */
static span wire(span in, size_t piece, size_t room)
{
	char *to = malloc(in.n * 3 + 64), *window = malloc(room);
	size_t n = 0;
	stuff s = {.cr = false};
	while (in.n) {
		span chunk = span_sub(in, 0, piece);
		in = span_sub(in, chunk.n, in.n);
		while (chunk.n) {
			size_t got = stuff_some(&s, &chunk, window, room);
			memcpy(to + n, window, got);
			n += got;
		}
	}
	free(window);
	n += stuff_end(&s, to + n);
	return (span){to, n};
}

/* The limit is 998 octets without the line end, whatever the pieces are. */
static void long_lines(void)
{
	static const struct {
		size_t octets;
		const char *end;
		bool is_long;
	} cases[] = {{998, "\n", false}, {998, "\r\n", false}, {998, "", false},
		     {999, "\n", true},	 {999, "\r\n", true},  {999, "", true}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t piece = 1; piece < 1100; piece += 7) {
			char text[1004] = "a\n";
			memset(text + 2, 'x', cases[i].octets);
			memcpy(text + 2 + cases[i].octets, cases[i].end, strlen(cases[i].end));
			span in = span_of(text, 2 + cases[i].octets + strlen(cases[i].end));
			stuff_facts f = {.octets = 0};
			for (size_t at = 0; at < in.n; at += piece)
				stuff_look(&f, span_sub(in, at, at + piece));
			stuff_look_end(&f);
			if (f.long_line != cases[i].is_long)
				CHECK(false, "case %zu in pieces of %zu", i, piece);
		}
		CHECK(true, "long line, case %zu", i);
	}
}

static void examples(void)
{
	static const struct {
		span in, out;
		uint64_t size;
		bool eight_bit, bare;
	} cases[] = {
	    {S(""), S(".\r\n"), 0, false, false},
	    {S("a\n"), S("a\r\n.\r\n"), 3, false, false},
	    {S("a"), S("a\r\n.\r\n"), 3, false, false},
	    {S("\n"), S("\r\n.\r\n"), 2, false, false},
	    {S(".\n"), S("..\r\n.\r\n"), 3, false, false},
	    {S(".a\n..b\nc.\n"), S("..a\r\n...b\r\nc.\r\n.\r\n"), 13, false, false},
	    {S("a\n.\nb\n"), S("a\r\n..\r\nb\r\n.\r\n"), 9, false, false},
	    {S("a\r\nb\r\n"), S("a\r\nb\r\n.\r\n"), 6, false, false},
	    {S("a\r\r\nb\n"), S("a \r\nb\r\n.\r\n"), 7, false, true},
	    {S("a\rb\n"), S("a b\r\n.\r\n"), 5, false, true},
	    {S("a\n\r.\n"), S("a\r\n .\r\n.\r\n"), 7, false, true},
	    {S("a\r"), S("a \r\n.\r\n"), 4, false, true},
	    {S("\r\n.\r\n"), S("\r\n..\r\n.\r\n"), 5, false, false},
	    {S("\303\251\n"), S("\303\251\r\n.\r\n"), 4, true, false},
	    {S("nul\0octet\n"), S("nul\0octet\r\n.\r\n"), 11, false, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t piece = 1; piece < 5; piece++) {
			span in = unit_copy(cases[i].in), out = wire(in, piece, 3 + piece);
			CHECK(span_eq(out, cases[i].out), "case %zu in pieces of %zu", i, piece);
			stuff_facts f = {.octets = 0};
			for (size_t at = 0; at < in.n; at += piece)
				stuff_look(&f, span_sub(in, at, at + piece));
			stuff_look_end(&f);
			CHECK(f.wire == cases[i].size && f.octets == in.n &&
				  f.eight_bit == cases[i].eight_bit && f.bare_cr == cases[i].bare,
			      "its facts: %d octets", (int)f.wire);
			free((char *)(uintptr_t)in.p);
			free((char *)(uintptr_t)out.p);
		}
	}
}

/* No bare CR or LF; no line is a dot alone but the last; it ends the stream. */
static bool correct(span out)
{
	bool ended = false;
	while (out.n) {
		size_t lf = span_find(out, '\n');
		span line = span_sub(out, 0, lf + 1);
		out = span_sub(out, line.n, out.n);
		if (ended || line.n < 2 || !span_ends(line, S("\r\n")) ||
		    span_find(line, '\r') != line.n - 2)
			return false;
		if (line.p[0] == '.' && line.p[1] != '.') {
			if (!span_eq(line, S(".\r\n")))
				return false;
			ended = true;
		}
	}
	return ended;
}

/* What a server makes of it is the message again, where the message had nothing bare. */
static bool comes_back(span in, span out)
{
	while (out.n > 3) {
		size_t lf = span_find(out, '\n');
		span line = span_sub(out, out.p[0] == '.', lf - 1), was = span_cut(&in, '\n');
		out = span_sub(out, lf + 1, out.n);
		if (!span_eq(line,
			     was.n && was.p[was.n - 1] == '\r' ? span_sub(was, 0, was.n - 1) : was))
			return false;
	}
	return in.n == 0;
}

static void any_octets(void)
{
	static const char alphabet[] = "\r\n.a";
	char in[8];
	size_t wrong = 0, lost = 0, total = 0;
	for (size_t n = 0; n <= 7; n++)
		for (size_t code = 0; code < (size_t)1 << (2 * n); code++) {
			stuff_facts f = {.octets = 0};
			for (size_t i = 0; i < n; i++)
				in[i] = alphabet[code >> (2 * i) & 3];
			span copy = unit_copy(span_of(in, n)),
			     out = wire(copy, n + 1, 4 + code % 5);
			stuff_look(&f, copy);
			stuff_look_end(&f);
			total++;
			wrong += !correct(out);
			lost += !f.bare_cr && !comes_back(copy, out);
			free((char *)(uintptr_t)copy.p);
			free((char *)(uintptr_t)out.p);
		}
	CHECK(total == 21845 && wrong == 0,
	      "every text of up to 7 of CR LF . a gives a correct stream");
	CHECK(lost == 0, "and comes back as it was");
}

int main(void)
{
	long_lines();
	examples();
	any_octets();
	return unit_done();
}
