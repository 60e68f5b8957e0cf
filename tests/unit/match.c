/* links: mail io base */
#include "mail/match.h"

#include "io/conv.h"
#include "mail/fold.h"
#include "tests/unit/unit.h"

static match m;

/* What is found is what is in the folded text, whichever way it is looked for. */
static void words(void)
{
	static const char *const texts[] = {
	    "",
	    "a",
	    "Hello  there,\nFRIEND.",
	    "xxHELLO",
	    "hellohello hell",
	    "hell",
	    "HeLl\xc2\xa0o",
	    "na\xc3\xafve CAF\xc3\x89",
	    "\xef\xbc\xa8" "ello",
	    "K\xe2\x84\xaa",
	    "e\xcc\x81",
	    "\xff\xfeHello",
	    "100% \"Sure\"",
	};
	static const char *const wanted[] = {
	    "hello",	   "HELLO", "o", "there, friend", "friend.", "a",      "\xc3\xa9",
	    "caf\xc3\xa9", "k",	    "%", "100% \"sure\"", "lo\nt",   "hell o", "z",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++) {
			str form = str_new(256), folded = str_new(256);
			fold_text(span_str(wanted[k]), &form);
			fold_text(span_str(texts[i]), &folded);
			span text = unit_copy(span_str(texts[i]));
			bool found = fold_find(str_span(&folded), str_span(&form));
			CHECK(match_has(&m, text, str_span(&form)) == found, "'%s' in '%s': %s",
			      wanted[k], texts[i], found ? "yes" : "no");
			free((char *)(uintptr_t)text.p);
			str_free(&form);
			str_free(&folded);
		}
	CHECK(match_has(&m, S("x HELLO"), S("hello")) && !match_has(&m, S("x HELL0"), S("hello")),
	      "at the end");
}

static bool note(void *arg, match *of, span utf8)
{
	(void)of;
	(void)str_printf(arg, "[%.*s]", SPAN_FMT(span_trim(utf8)));
	return false;
}

static void pieces(void)
{
	static const char message[] = "Subject: top\n"
				      "Content-Type: multipart/mixed; boundary=b\n"
				      "\n"
				      "preamble\n"
				      "--b\n"
				      "X-Part: =?utf-8?Q?=C3=A9?=\n"
				      "\n"
				      "text\n"
				      "--b\n"
				      "Content-Type: application/x; name=\"n.pdf\"\n"
				      "\n"
				      "octets\n"
				      "--b\n"
				      "Content-Type: message/rfc822\n"
				      "\n"
				      "Subject: inner\n"
				      "\n"
				      "deep\n"
				      "--b--\n";
	static const struct {
		unsigned where;
		const char *shown;
	} cases[] = {
	    {MATCH_TEXTS, "[text][deep]"},
	    {MATCH_ENCLOSED, "[Subject: inner]"},
	    {MATCH_PARTS,
	     "[X-Part: \xc3\xa9][Content-Type: application/x; name=\"n.pdf\"][n.pdf][Content-Type: "
	     "message/rfc822]"},
	    {MATCH_TEXTS | MATCH_ENCLOSED, "[text][Subject: inner][deep]"},
	};
	str shown = str_new(4096);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str_clear(&shown);
		(void)match_message(&m, span_str(message), cases[i].where, note, &shown);
		CHECK(strcmp(str_cstr(&shown), cases[i].shown) == 0, "%s", str_cstr(&shown));
	}
	str_clear(&shown);
	(void)match_header(&m, span_str(message), note, &shown);
	CHECK(strcmp(str_cstr(&shown),
		     "[Subject: top][Content-Type: multipart/mixed; boundary=b]") == 0,
	      "%s", str_cstr(&shown));
	CHECK(span_eq(match_field(&m, S(" =?utf-8?Q?=C3=A9?=\n x")), S("\xc3\xa9 x")), "a field");
	str_free(&shown);
}

int main(void)
{
	conv *converters = conv_new();
	charset_opener opener = conv_opener(converters);
	m = match_new(&opener);
	words();
	pieces();
	match_free(&m);
	conv_free(converters);
	return unit_done();
}
