/* links: pop3 mail base : */
#include "pop3/cmd.h"
#include "pop3/wire.h"
#include "tests/unit/unit.h"

static void commands(void)
{
	static const struct {
		const char *line;
		enum pop3_verb verb;
		const char *args; /* NULL: no blank */
	} cases[] = {
	    {"USER alice\r\n", POP3_USER, "alice"},
	    {"user alice\n", POP3_USER, "alice"},
	    {"PASS two  words \r\n", POP3_PASS, "two  words "},
	    {"PASS \r\n", POP3_PASS, ""},
	    {"PASS\r\n", POP3_PASS, NULL},
	    {"STAT\r\n", POP3_STAT, NULL},
	    {"sTaT", POP3_STAT, NULL},
	    {"STATS\r\n", POP3_UNKNOWN, NULL},
	    {" STAT\r\n", POP3_UNKNOWN, "STAT"},
	    {"\r\n", POP3_UNKNOWN, NULL},
	    {"TOP 1 0\r\n", POP3_TOP, "1 0"},
	    {"RETR\t1\r\n", POP3_OCTETS, NULL},
	    {"RETR 1\r", POP3_OCTETS, NULL},
	    {"APOP x y\r\n", POP3_UNKNOWN, "x y"},
	    {"STLS\r\n", POP3_STLS, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span line = unit_copy(span_str(cases[i].line));
		pop3_cmd c = pop3_cmd_parse(line);
		CHECK(c.verb == cases[i].verb, "verb of %zu", i);
		CHECK(cases[i].args ? c.args.p && span_eq(c.args, span_str(cases[i].args))
				    : !c.args.p,
		      "arguments of %zu", i);
		free((char *)(uintptr_t)line.p);
	}
	pop3_cmd nul = pop3_cmd_parse(span_of("US\0ER x", 7));
	CHECK(nul.verb == POP3_OCTETS, "a NUL");
}

static void numbers(void)
{
	static const struct {
		const char *args;
		bool one;
		uint64_t number;
		bool two;
		uint64_t lines;
	} cases[] = {
	    {"1", true, 1, false, 0},
	    {"01", true, 1, false, 0},
	    {"4294967295", true, UINT32_MAX, false, 0},
	    {"4294967296", false, 0, false, 0},
	    {"18446744073709551617", false, 0, false, 0},
	    {"0", false, 0, false, 0},
	    {"-1", false, 0, false, 0},
	    {"+1", false, 0, false, 0},
	    {"1x", false, 0, false, 0},
	    {"", false, 0, false, 0},
	    {"1 ", true, 1, false, 0},
	    {"1 2", false, 0, true, 2},
	    {"1  0 ", false, 0, true, 0},
	    {"0 1", false, 0, false, 0},
	    {"1 2 3", false, 0, false, 0},
	    {"1 -2", false, 0, false, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pop3_cmd c = {POP3_TOP, span_str(cases[i].args)};
		uint64_t n = 0, lines = 0;
		bool one = pop3_number(&c, &n);
		CHECK(one == cases[i].one && (!one || n == cases[i].number), "number \"%s\"",
		      cases[i].args);
		bool two = pop3_top_args(&c, &n, &lines);
		CHECK(two == cases[i].two && (!two || (n == 1 && lines == cases[i].lines)),
		      "TOP \"%s\"", cases[i].args);
	}
}

/* In chunks of `step` octets, into pieces of `room`. */
static size_t convert(span in, size_t step, size_t room, char *to)
{
	crlf w = {.dots = true};
	size_t at = 0;
	for (size_t i = 0; i < in.n; i += step) {
		span chunk = span_sub(in, i, i + step);
		while (chunk.n) {
			char *piece = malloc(room);
			size_t n = crlf_some(&w, &chunk, piece, room);
			memcpy(to + at, piece, n);
			at += n;
			free(piece);
		}
	}
	return at + pop3_wire_end(&w, to + at);
}

#define L(text) span_of(text, sizeof(text) - 1)

static void wires(void)
{
	const struct {
		span in, out;
	} cases[] = {
	    {L(""), L(".\r\n")},
	    {L("a\n"), L("a\r\n.\r\n")},
	    {L("a"), L("a\r\n.\r\n")},
	    {L("\n"), L("\r\n.\r\n")},
	    {L(".\n"), L("..\r\n.\r\n")},
	    {L("."), L("..\r\n.\r\n")},
	    {L("..\n.a\na.\n"), L("...\r\n..a\r\na.\r\n.\r\n")},
	    {L("a\r\nb\r\n"), L("a\r\nb\r\n.\r\n")},
	    {L("a\r\n.\r\nb"), L("a\r\n..\r\nb\r\n.\r\n")},
	    {L("a\r"), L("a\r\n.\r\n")},
	    {L("a\r\r\nb\rc\n"), L("a\r\r\nb\rc\r\n.\r\n")},
	    {L("a\0b\n\377\n"), L("a\0b\r\n\377\r\n.\r\n")},
	    {L("\r\n\n\r\n"), L("\r\n\r\n\r\n.\r\n")},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t step = 1; step < 5; step++)
			for (size_t room = CRLF_ROOM; room < 9; room++) {
				char to[256];
				span in = unit_copy(cases[i].in);
				size_t n = convert(in, step, room, to);
				CHECK(span_eq(span_of(to, n), cases[i].out),
				      "wire %zu in steps of %zu and %zu", i, step, room);
				free((char *)(uintptr_t)in.p);
			}
}

static void tops(void)
{
	const struct {
		span in;
		uint64_t lines;
		size_t end;
	} cases[] = {
	    {L("S: x\n\na\nb\n"), 0, 6},
	    {L("S: x\n\na\nb\n"), 1, 8},
	    {L("S: x\n\na\nb\n"), 2, 10},
	    {L("S: x\n\na\nb\n"), 3, 10},
	    {L("S: x\r\n\r\na\r\nb\r\n"), 1, 11},
	    {L("S: x\n"), 5, 5},
	    {L("\na\nb\n"), 1, 3},
	    {L("S: x\n\r \na\n"), 0, 10},
	    {L("S: x\n\n\n\n\n"), 2, 8},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t step = 1; step < 12; step++) {
			pop3_top t = {.lines = cases[i].lines};
			size_t at = 0;
			for (size_t from = 0; from < cases[i].in.n && !t.done; from += step)
				at += pop3_top_some(&t, span_sub(cases[i].in, from, from + step));
			CHECK(at == cases[i].end, "TOP %zu in steps of %zu: %zu", i, step, at);
		}
}

int main(void)
{
	commands();
	numbers();
	wires();
	tops();
	return unit_done();
}
