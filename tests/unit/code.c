/* links: mail io base : z */
#include "mail/code.h"

#include "tests/unit/unit.h"

static void decoding(void)
{
	static const struct {
		enum part_encoding encoding;
		const char *in, *out;
	} cases[] = {
	    {PART_BASE64, "aGVsbG8=", "hello"},
	    {PART_BASE64, "aGVs\r\nbG8=\r\n", "hello"},
	    {PART_BASE64, "aGVsbG8", "hello"},
	    {PART_BASE64, "aG!Vs*bG8=", "hello"},
	    {PART_BASE64, "aGk=aGk=", "hihi"},
	    {PART_BASE64, "", ""},
	    {PART_BASE64, "=", ""},
	    {PART_QP, "caf=C3=A9", "café"},
	    {PART_QP, "caf=c3=a9", "café"},
	    {PART_QP, "a=\nb", "ab"},
	    {PART_QP, "a=\r\nb", "ab"},
	    {PART_QP, "a= \t\r\nb", "ab"},
	    {PART_QP, "a \t\r\nb", "a\r\nb"},
	    {PART_QP, "a  b", "a  b"},
	    {PART_QP, "a=3", "a=3"},
	    {PART_QP, "a=ZZb", "a=ZZb"},
	    {PART_QP, "a==41", "a=A"},
	    {PART_QP, "x=", "x"},
	    {PART_QP, "blank ", "blank"},
	    {PART_UUENCODE, "begin 644 x\n%:&5L;&\\\n`\nend\n", "hello"},
	    {PART_UUENCODE, "text before\nbegin 644 x\n%:&5L;&\\\n`\nend\nafter\n", "hello"},
	    {PART_8BIT, "a\xff", "a\xff"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int one = 0; one < 2; one++) {
			span in = unit_copy(span_str(cases[i].in));
			char out[400];
			size_t n = 0, step = one ? 1 : in.n ? in.n : 1;
			decoder d;
			decoder_init(&d, cases[i].encoding);
			for (size_t at = 0; at < in.n; at += step)
				n += decoder_put(&d, span_sub(in, at, at + step), out + n);
			n += decoder_end(&d, out + n);
			CHECK(span_eq(span_of(out, n), span_str(cases[i].out)),
			      "decode %s%s → %.*s", cases[i].out, one ? " by octets" : "", (int)n,
			      out);
			free((char *)(uintptr_t)in.p);
		}
}

static void round_trip(enum part_encoding encoding, bool text, span octets, size_t step)
{
	char *wire = malloc(encoder_room(octets.n) * 2 + 1000);
	size_t n = 0, column = 0, longest = 0;
	encoder e;
	str back = str_new(1 << 20);
	if (!wire)
		abort();
	encoder_init(&e, encoding, text);
	for (size_t at = 0; at < octets.n; at += step)
		n += encoder_put(&e, span_sub(octets, at, at + step), wire + n);
	n += encoder_end(&e, wire + n);
	bool ascii = true;
	for (size_t i = 0; i < n; i++) {
		ascii = ascii &&
			(wire[i] == '\n' || wire[i] == '\t' || (wire[i] >= ' ' && wire[i] < 0x7f));
		column = wire[i] == '\n' ? 0 : column + 1;
		longest = column > longest ? column : longest;
	}
	code_decode(encoding, span_of(wire, n), &back);
	CHECK(span_eq(str_span(&back), octets) && ascii && longest <= 76,
	      "encode and back: %d, %zu octets by %zu, longest %zu", (int)encoding, octets.n, step,
	      longest);
	str_free(&back);
	free(wire);
}

static void encoding(void)
{
	char octets[2000];
	uint32_t seed = 1;
	for (size_t i = 0; i < sizeof octets; i++) {
		seed = seed * 1103515245u + 12345u;
		octets[i] = (char)(seed >> 16);
	}
	for (size_t n = 0; n < 70; n++)
		for (size_t step = 1; step < 8; step += 3) {
			round_trip(PART_BASE64, false, span_of(octets, n * 7), step);
			round_trip(PART_QP, false, span_of(octets, n * 7), step);
		}
	round_trip(PART_QP, true, S("From here\n.dot\ntrailing \nblank\t\n\nend"), 1);
	round_trip(PART_QP, true, S("한글 본문\nFrom x\n"), 2);
}

/* Text with the line ends of the wire, what stands at the beginning of a line, what is put at the end. */
static void styles(void)
{
	static const struct {
		enum part_encoding encoding;
		bool crlf, open_end, dashes;
		const char *in, *out;
	} cases[] = {
	    {PART_QP, true, false, false, "a \r\nb\nc\rd\r\n", "a=20\r\nb=0Ac=0Dd\r\n"},
	    {PART_QP, true, false, false, "a\r\r\n \r", "a=0D\r\n=20=0D=\r\n"},
	    {PART_QP, false, false, false, "a\r\nb", "a=0D\nb=\n"},
	    {PART_QP, false, true, false, "a ", "a=20"},
	    {PART_QP, false, true, false, "a\n", "a\n"},
	    {PART_QP, false, true, true, "--a\n- b--\n", "=2D-a\n=2D b--\n"},
	    {PART_QP, false, true, false, "--a", "--a"},
	    {PART_QP, false, true, false,
	     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa--b",
	     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=\n"
	     "=2D-b"},
	    {PART_BASE64, true, false, false, "ab", "YWI=\r\n"},
	    {PART_BASE64, true, true, false, "ab", "YWI="},
	    {PART_BASE64, false, false, false, "", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t step = 1; step < 4; step++) {
			span in = span_str(cases[i].in);
			char wire[1000];
			size_t n = 0;
			encoder e;
			str back = str_new(1000);
			encoder_init(&e, cases[i].encoding, true);
			e.crlf = cases[i].crlf;
			e.open_end = cases[i].open_end;
			e.dashes = cases[i].dashes;
			for (size_t at = 0; at < in.n; at += step)
				n += encoder_put(&e, span_sub(in, at, at + step), wire + n);
			n += encoder_end(&e, wire + n);
			code_decode(cases[i].encoding, span_of(wire, n), &back);
			CHECK(span_eq(span_of(wire, n), span_str(cases[i].out)) &&
				  span_eq(str_span(&back), in),
			      "style %zu by %zu: %.*s", i, step, (int)n, wire);
			str_free(&back);
		}
	}
}

static void seven_bits(void)
{
	static const struct {
		span s;
		bool is;
	} cases[] = {
	    {{"", 0}, true},	       {{"a\r\nb\n", 5}, true},
	    {{"\r\n", 2}, true},       {{"a\rb", 3}, false},
	    {{"a\r", 2}, false},       {{"a\r\r\n", 4}, false},
	    {{"\x7f\x01\t", 3}, true}, {{"a\0b", 3}, false},
	    {{"\x80", 1}, false},      {{"12345678\x80", 9}, false},
	    {{"1234567\0", 8}, false}, {{"1234567\r8", 9}, false},
	};
	char line[1001];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(cases[i].s);
		CHECK(code_is_7bit(in) == cases[i].is, "7bit, case %zu", i);
		free((char *)(uintptr_t)in.p);
	}
	memset(line, 'x', sizeof line);
	CHECK(code_is_7bit(span_of(line, 998)), "998 octets are a line");
	CHECK(!code_is_7bit(span_of(line, 999)), "999 are not");
	memcpy(line + 998, "\r\n", 2);
	CHECK(code_is_7bit(span_of(line, 1000)), "the line end does not count");
}

static void choosing(void)
{
	CHECK(code_choose(S("plain\n"), true, true) == PART_7BIT, "plain is 7bit");
	CHECK(code_choose(S("caf\xc3\xa9 is mostly plain text\n"), true, true) == PART_8BIT,
	      "8bit");
	CHECK(code_choose(S("caf\xc3\xa9 is mostly plain text\n"), true, false) == PART_QP,
	      "mostly ASCII");
	CHECK(code_choose(S("한글"), true, false) == PART_QP, "Korean is text");
	CHECK(code_choose(S("a\0b, and more\n"), true, true) == PART_QP, "a NUL in a text");
	CHECK(code_choose(S("a\0b"), true, true) == PART_BASE64, "hardly a text");
	CHECK(code_choose(S("\x89PNG"), false, true) == PART_BASE64, "no text");
	CHECK(code_by_name(S(" Quoted-Printable ")) == PART_QP, "name");
	CHECK(code_by_name(S("base64 (comment)")) == PART_BASE64, "name with a comment");
	CHECK(code_by_name(S("7-bit")) == PART_UNKNOWN, "unknown name");
}

int main(void)
{
	decoding();
	encoding();
	styles();
	seven_bits();
	choosing();
	return unit_done();
}
