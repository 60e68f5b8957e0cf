/* links: imap base : */
#include "imap/scan.h"
#include "imap/set.h"
#include "tests/unit/unit.h"

static arena mem;

static imap_scan over(const char *text)
{
	return (imap_scan){.rest = span_str(text), .mem = &mem};
}

typedef bool taker(imap_scan *, span *);

/* What it takes, and what is left. */
static void takes(taker *f, const char *text, const char *taken, const char *left)
{
	imap_scan s = over(text);
	span got = {"", 0};
	bool ok = f(&s, &got);
	CHECK(ok == (taken != NULL), "%s", text);
	if (ok && taken)
		CHECK(span_eq(got, span_str(taken)), "%s", text);
	CHECK(span_eq(s.rest, span_str(taken ? left : text)), "%s", text);
}

static void strings(void)
{
	takes(imap_atom, "abc def", "abc", " def");
	takes(imap_atom, "a]", "a", "]");
	takes(imap_atom, "\"a\"", NULL, NULL);
	takes(imap_atom, "", NULL, NULL);
	takes(imap_astring, "a]b(", "a]b", "(");
	takes(imap_astring, "\"\" x", "", " x");
	takes(imap_astring, "\"a \\\" \\\\ b\"x", "a \" \\ b", "x");
	takes(imap_astring, "\"a\\n\"", NULL, NULL);
	takes(imap_astring, "\"open", NULL, NULL);
	takes(imap_astring, "\"end\\", NULL, NULL);
	takes(imap_astring, "\"\xea\xb0\x80\"", NULL, NULL);
	takes(imap_astring, "{3}\r\na\"b rest", "a\"b", " rest");
	takes(imap_astring, "{0+}\r\n", "", "");
	takes(imap_astring, "{4}\r\nabc", NULL, NULL);
	takes(imap_astring, "{4294967295}\r\nabc", NULL, NULL);
	takes(imap_astring, "{18446744073709551617}\r\nabc", NULL, NULL);
	takes(imap_astring, "{3}abc", NULL, NULL);
	takes(imap_astring, "{", NULL, NULL);
	takes(imap_astring, "{3}\r", NULL, NULL);
	takes(imap_nstring, "NIL)", "", ")");
	takes(imap_nstring, "nilly", NULL, NULL);
	takes(imap_list_mailbox, "a/%/* b", "a/%/*", " b");
	takes(imap_flag, "\\Seen)", "\\Seen", ")");
	takes(imap_flag, "$Junk ", "$Junk", " ");
	takes(imap_flag, "\\ x", NULL, NULL);
}

static void words(void)
{
	imap_scan s = over("uid Fetchx 4294967295 4294967296 9223372036854775807");
	uint32_t n = 0;
	uint64_t m = 0;
	CHECK(imap_word(&s, "UID") && imap_sp(&s) && !imap_word(&s, "FETCH"),
	      "words end where atoms do");
	CHECK(imap_word(&s, "FETCHX") && imap_sp(&s) && imap_number(&s, &n) && n == UINT32_MAX,
	      "number");
	CHECK(imap_sp(&s) && !imap_number(&s, &n) && imap_number64(&s, &m) && m == 4294967296,
	      "number64");
	CHECK(imap_sp(&s) && imap_number64(&s, &m) && m == INT64_MAX && imap_end(&s), "largest");
}

/* The settled form, written as ranges. */
static void set_is(const char *text, uint32_t largest, const char *want)
{
	imap_scan s = over(text);
	imap_set set;
	str to = str_new(1000);
	bool ok = imap_set_parse(&s, &set);
	CHECK(ok == (want != NULL), "%s", text);
	if (ok && want) {
		imap_set_settle(&set, largest);
		imap_ranges r = {0};
		for (size_t i = 0; i < set.n; i++)
			for (uint64_t u = set.v[i].first; u <= set.v[i].last; u++)
				imap_ranges_put(&r, (uint32_t)u, &to);
		imap_ranges_end(&r, &to);
		CHECK(span_eq(str_span(&to), span_str(want)), "%s: %s", text, str_cstr(&to));
	}
	str_free(&to);
}

static void sets(void)
{
	set_is("1", 9, "1");
	set_is("5:3,1,2", 9, "1:5");
	set_is("*", 9, "9");
	set_is("7:*", 9, "7:9");
	set_is("*:12", 9, "9:12");
	set_is("1,3,5:6", 9, "1,3,5:6");
	set_is("4294967295:4294967294,4294967295", 9, "4294967294:4294967295");
	set_is("0", 9, NULL);
	set_is("1,", 9, NULL);
	set_is("1:", 9, NULL);
	set_is(",1", 9, NULL);
	set_is("a", 9, NULL);
	set_is("4294967296", 9, NULL);
	imap_scan s = over("2,4:6,9");
	imap_set set;
	CHECK(imap_set_parse(&s, &set), "parsed");
	imap_set_settle(&set, 9);
	const bool want[] = {false, false, true,  false, true, true,
			     true,  false, false, true,	 false};
	for (uint32_t i = 0; i < sizeof want / sizeof *want; i++)
		CHECK(imap_set_has(&set, i) == want[i], "has %u", i);
}

int main(void)
{
	mem = arena_new(1 << 20);
	strings();
	words();
	sets();
	arena_free(&mem);
	return unit_done();
}
