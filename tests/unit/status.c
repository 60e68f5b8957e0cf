/* links: base */
#include "base/status.h"

#include "tests/unit/unit.h"

static void enhanced(void)
{
	static const struct {
		const char *line, *code, *words;
	} cases[] = {
	    {"5.1.1 no such user", "5.1.1", "no such user"},
	    {"2.0.0", "2.0.0", ""},
	    {"4.999.999  two blanks", "4.999.999", "two blanks"},
	    {"3.1.1 class", NULL, NULL},
	    {"55.1.1 class", NULL, NULL},
	    {"5.1 short", NULL, NULL},
	    {"5.1.1.1 long", NULL, NULL},
	    {"5.1000.1 subject", NULL, NULL},
	    {"5..1 empty", NULL, NULL},
	    {" 5.1.1 not at the start", NULL, NULL},
	    {"no code", NULL, NULL},
	    {"", NULL, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span line = unit_copy(span_str(cases[i].line)), code = S(""), words = S("");
		bool ok = status_enhanced(line, &code, &words);
		CHECK(ok == !!cases[i].code && (!ok || (span_eq(code, span_str(cases[i].code)) &&
							span_eq(words, span_str(cases[i].words)))),
		      "enhanced \"%s\"", cases[i].line);
		free((char *)(uintptr_t)line.p);
	}
}

static void replies(void)
{
	static const struct {
		int reply;
		const char *text;
		int code;
		const char *enhanced, *words;
	} cases[] = {
	    {250, "2.0.0 ok", EX_OK, "2.0.0", "ok"},
	    {250, "ok", EX_OK, "", "ok"},
	    {450, "4.2.0 greylisted", EX_TEMPFAIL, "4.2.0", "greylisted"},
	    {550, "5.1.1 unknown", EX_NOUSER, "5.1.1", "unknown"},
	    {550, "5.7.1 no", EX_UNAVAILABLE, "5.7.1", "no"},
	    {550, "4.7.1 the class lies", EX_UNAVAILABLE, "", "the class lies"},
	    {354, "go on", EX_TEMPFAIL, "", "go on"},
	    {999, "what", EX_TEMPFAIL, "", "what"},
	    {550, "line\nend\x01", EX_UNAVAILABLE, "", "line end?"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		status st = status_from_reply(cases[i].reply, span_str(cases[i].text));
		CHECK(st.code == cases[i].code && st.reply == cases[i].reply &&
			  !strcmp(st.enhanced, cases[i].enhanced) &&
			  !strcmp(st.text, cases[i].words),
		      "reply %d case %zu", cases[i].reply, i);
	}
	char longer[2000];
	memset(longer, 'x', sizeof longer);
	status st = status_from_reply(550, span_of(longer, sizeof longer));
	CHECK(strlen(st.text) == sizeof st.text - 1, "a long text is cut");
}

static void exit_codes(void)
{
	for (int code = 0; code < 256; code++) {
		bool agent = code == 65 || code == 67 || code == 68 || code == 69 || code == 76 ||
			     code == 77 || code == 100 || code == 0;
		bool filter = code == 65 || code == 77 || code == 0;
		if (status_from_agent(code) != (agent ? code : 75))
			CHECK(false, "agent %d", code);
		if (status_from_filter(code) != (filter ? code : 75))
			CHECK(false, "filter %d", code);
		status st = {.code = code};
		if (status_is_permanent(&st) != (agent && code != 0))
			CHECK(false, "permanent %d", code);
	}
	CHECK(status_from_agent(-1) == 75 && status_from_agent(9) == 75, "signals are temporary");
	status st = status_ok();
	CHECK(status_is_ok(&st) && !status_is_permanent(&st), "ok");
	st = status_doubt("%s", "why");
	CHECK(st.code == 75 && st.reply == 451 && !strcmp(st.text, "why"), "doubt");
}

int main(void)
{
	enhanced();
	replies();
	exit_codes();
	return unit_done();
}
