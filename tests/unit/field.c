/* links: mail io base : z */
#include "mail/field.h"
#include "mail/header.h"

#include "tests/unit/unit.h"

static charset_opener opener;

static void writing(void)
{
	static const struct {
		const char *name, *value;
		bool seven_bit;
		enum field_result result;
		const char *out;
	} cases[] = {
	    {"Subject", " plain ", false, FIELD_OK, "Subject: plain\n"},
	    {"Subject", "", false, FIELD_OK, "Subject:\n"},
	    {"To", "", false, FIELD_OK, "To:\n"},
	    {"Subject", "한글", false, FIELD_OK, "Subject: =?utf-8?B?7ZWc6riA?=\n"},
	    {"To", "a@b,c@d", false, FIELD_OK, "To: a@b, c@d\n"},
	    {"to", "한글 <a@b>", false, FIELD_OK, "to: =?utf-8?B?7ZWc6riA?= <a@b>\n"},
	    {"To", "\"한, 글\" <a@b>", false, FIELD_OK, "To: =?utf-8?B?7ZWcLCDquIA=?= <a@b>\n"},
	    {"To", "\"x, y\" <a@b>", false, FIELD_OK, "To: \"x, y\" <a@b>\n"},
	    {"To", "J. Doe <a@b>", false, FIELD_OK, "To: \"J. Doe\" <a@b>\n"},
	    {"To", "=?utf-8?Q?J._Doe?= <a@b>", false, FIELD_OK, "To: =?utf-8?Q?J._Doe?= <a@b>\n"},
	    {"To", "a@b (한글)", false, FIELD_OK, "To: a@b (=?utf-8?B?7ZWc6riA?=)\n"},
	    {"To", "한글: a@b, c@d;", false, FIELD_OK, "To: =?utf-8?B?7ZWc6riA?=: a@b, c@d;\n"},
	    {"To", "<한@b>", false, FIELD_OK, "To: <한@b>\n"},
	    {"To", "<é@b>, a@b", true, FIELD_OK, "To: =?utf-8?B?PMOpQGI+?=:;, a@b\n"},
	    {"References", "<a@b>  <c@d>", false, FIELD_OK, "References: <a@b> <c@d>\n"},
	    {"Message-ID", "<é@b>", false, FIELD_ASCII_ONLY, ""},
	    {"Content-Type", "é", false, FIELD_ASCII_ONLY, ""},
	    {"Content-Type", "text/plain; charset=utf-8", false, FIELD_OK,
	     "Content-Type: text/plain; charset=utf-8\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].value));
		str out = str_new(1000);
		enum field_result result =
		    field_write(span_str(cases[i].name), in, cases[i].seven_bit, &opener, &out);
		CHECK(result == cases[i].result && span_eq(str_span(&out), span_str(cases[i].out)),
		      "%s: %s → %d %s", cases[i].name, cases[i].value, result, str_cstr(&out));
		str_free(&out);
		free((char *)(uintptr_t)in.p);
	}
}

static void long_ones(void)
{
	static const char *const names[] = {"Subject", "To", "References", "Content-Type"};
	char word[FIELD_LINE_MAX + 10];
	memset(word, 'x', sizeof word);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		str out = str_new(1 << 16), value = str_new(1 << 16);
		span name = span_str(names[i]);
		CHECK(field_write(name, span_of(word, sizeof word), false, &opener, &out) ==
			  FIELD_TOO_LONG,
		      "%s: a word too long", names[i]);
		CHECK(out.n == 0, "%s: nothing is written", names[i]);
		for (int n = 0; n < 200; n++)
			(void)str_printf(&value, "%sw%d@example.org", n ? i == 1 ? "," : " " : "",
					 n);
		CHECK(field_write(name, str_span(&value), false, &opener, &out) == FIELD_OK,
		      "%s: long", names[i]);
		size_t most = 0;
		for (span rest = str_span(&out); rest.n;) {
			size_t n = span_cut(&rest, '\n').n;
			most = n > most ? n : most;
		}
		CHECK(most <= 78, "%s: lines of %zu", names[i], most);
		str_free(&value);
		str_free(&out);
	}
}

/* Once without an end: no octet fitted behind the name. */
static void long_parameter_name(void)
{
	str out = str_new(1 << 16);
	CHECK(field_write(S("Content-Type"),
			  S("text/plain; "
			    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn=é"),
			  false, &opener, &out) == FIELD_OK,
	      "a long name of a parameter");
	CHECK(span_ends(str_span(&out), S("*1*=%A9\n")), "its value: %s", str_cstr(&out));
	str_free(&out);
}

/* Once the fold stood before the comma: a line that is no part of the field. */
static void empty_elements(void)
{
	str out = str_new(1 << 12);
	header_field field;
	CHECK(field_write(
		  S("To"),
		  S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example"
		    ",,,,b@x"),
		  false, &opener, &out) == FIELD_OK,
	      "empty elements of a list");
	span rest = str_span(&out);
	CHECK(header_next(&rest, &field) == HEADER_FIELD && rest.n == 0, "they are one field: %s",
	      str_cstr(&out));
	str_free(&out);
}

static void naming(void)
{
	CHECK(field_name_ok(S("X-A")) && field_name_ok(S("a!")), "names");
	CHECK(!field_name_ok(S("")) && !field_name_ok(S("a b")) && !field_name_ok(S("a:")) &&
		  !field_name_ok(S("é")) && !field_name_ok(S("a\0b")),
	      "no names");
	CHECK(field_kind_of(S("cC")) == FIELD_ADDRESSES && field_kind_of(S("X")) == FIELD_TEXT &&
		  field_kind_of(S("date")) == FIELD_TOKENS &&
		  field_kind_of(S("CONTENT-TYPE")) == FIELD_PARAMETERS,
	      "kinds");
}

int main(void)
{
	conv *c = conv_new();
	opener = conv_opener(c);
	writing();
	long_ones();
	long_parameter_name();
	empty_elements();
	naming();
	conv_free(c);
	return unit_done();
}
