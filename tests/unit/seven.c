/* links: mail io base : z */
#include "mail/seven.h"

#include "mail/code.h"
#include "tests/unit/unit.h"

#define MIXED "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
#define QP "Content-Transfer-Encoding: quoted-printable\n"
#define BASE64 "Content-Transfer-Encoding: base64\n"
#define UTF8 "Content-Type: text/plain; charset=utf-8\n"
#define HTML "Content-Type: text/html; charset=utf-8\n"
#define MIME "MIME-Version: 1.0\n"
#define FISH "a small fish, un petit poisson, caf\xc3\xa9\n"
#define FISH_QP "a small fish, un petit poisson, caf=C3=A9\n"

static const struct {
	const char *name, *message, *want;
} cases[] = {
    {"no MIME: a label for UTF-8", "Subject: x\n\n" FISH, "Subject: x\n" MIME UTF8 QP "\n" FISH_QP},
    {"no MIME, not UTF-8: no label", "Subject: x\n\na small fish, caf\xe9 \n",
     "Subject: x\n" MIME QP "\na small fish, caf=E9=20\n"},
    {"the field is replaced in its place",
     MIME "content-transfer-encoding: 8bit\n" HTML "Content-Transfer-Encoding: binary\n\n" FISH,
     MIME QP HTML "\n" FISH_QP},
    {"mostly not ASCII", MIME HTML "\n\xed\x95\x9c\n\xea\xb8\x80\n",
     MIME HTML QP "\n=ED=95=9C\n=EA=B8=80\n"},
    {"many control octets: base64, lines as on the wire", MIME HTML "\n\x1b\x95\n\x01\x02\n",
     MIME HTML BASE64 "\nG5UNCgECDQo=\n"},
    {"no text: base64 of the octets", MIME "Content-Type: image/png\n\n\x89PNG\n\n",
     MIME "Content-Type: image/png\n" BASE64 "\niVBORwoK\n"},
    {"leaves alone, label of the container",
     MIME "Content-Type: multipart/mixed; boundary=b\n"
	  "Content-Transfer-Encoding: 8bit\n\n--b\n" HTML "\n" FISH "\n--b\n\nplain \n--b--\n",
     MIME "Content-Type: multipart/mixed; boundary=b\n"
	  "Content-Transfer-Encoding: 7bit\n\n--b\n" HTML QP "\n" FISH_QP
	  "\n--b\n\nplain \n--b--\n"},
    {"no line end at the end of a part: none is added",
     MIXED "--b\n" HTML "\na small fish \xc3\xa9\n--b--",
     MIXED "--b\n" HTML QP "\na small fish =C3=A9\n--b--"},
    {"a part without a header", MIXED "--b\nsmall fish: \xc3\xa9!\n--b--",
     MIXED "--b\n" UTF8 QP "\nsmall fish: =C3=A9!\n--b--"},
    {"preamble, epilogue, behind a closing delimiter",
     MIXED "\xc3\xa9\n--b\n\nx\n--b--\xc3\xa9\n\xc3\xa9\n", MIXED "??\n--b\n\nx\n--b--??\n??\n"},
    {"a line of the preamble must not become a delimiter line",
     MIME "Content-Type: multipart/mixed; boundary=\"a?\"\n\n--a\xe9\n--a?\n\nx\n--a?--\n", NULL},
    {"an enclosed message: in place",
     MIXED "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\n"
	   "Subject: \xed\x95\x9c\n" HTML "\n" FISH "\n--b--\n",
     MIXED "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 7bit\n\n"
	   "Subject: =?utf-8?B?7ZWc?=\n" HTML MIME QP "\n" FISH_QP "\n--b--\n"},
    {"message/global: as a whole",
     MIXED "--b\nContent-Type: message/global\n\nFrom: caf\xc3\xa9@example.org\n\n" FISH
	   "\n--b--\n",
     MIXED "--b\nContent-Type: message/global\n" QP "\n=46rom: caf=C3=A9@example.org\n\n" FISH_QP
	   "\n--b--\n"},
    {"a report: its fields",
     MIXED "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
	   "Diagnostic-Code: smtp; \xed\x95\x9c\nStatus: 5.1.1\n--b--\n",
     MIXED "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
	   "Diagnostic-Code: smtp; =?utf-8?B?7ZWc?=\nStatus: 5.1.1\n--b--\n"},
    {"signed and 7-bit: the header around may change",
     "Subject: \xed\x95\x9c\nContent-Type: multipart/signed; boundary=b\n\n--b\n\nx \n--b--\n",
     "Subject: =?utf-8?B?7ZWc?=\nContent-Type: multipart/signed; boundary=b\n\n--b\n\nx \n--b--\n"},
    {"signed, and not 7-bit",
     MIME "Content-Type: multipart/signed; boundary=b\n\n--b\n\n\xc3\xa9\n--b--\n", NULL},
    {"encrypted, and not 7-bit",
     MIXED
     "--b\nContent-Type: multipart/encrypted; boundary=c\n\n--c\nX: \xc3\xa9\n\n--c--\n--b--\n",
     NULL},
    {"a boundary that is not ASCII",
     MIME "Content-Type: multipart/mixed; boundary=\xc3\xa9\n\n--\xc3\xa9\n\nx\n--\xc3\xa9--\n",
     NULL},
    {"such a boundary, written in ASCII",
     MIME "Content-Type: multipart/mixed; boundary*=utf-8''%C3%A9\n\n--\xc3\xa9\n\nx\n", NULL},
    {"names in addresses", "From: \xed\x95\x9c <a@b>\nCc: c@d (\xed\x95\x9c), e@f\n\nx\n",
     "From: =?utf-8?B?7ZWc?= <a@b>\nCc: c@d (=?utf-8?B?7ZWc?=), e@f\n\nx\n"},
    {"an address that is not ASCII", "From: x <\xed\x95\x9c@example.org>\n\nx\n", NULL},
    {"parameters", MIME "Content-Type: text/plain; name=\"\xed\x95\x9c\"; charset=utf-8\n\nx\n",
     MIME "Content-Type: text/plain; charset=utf-8;\n\tname*0*=utf-8''%ED%95%9C\n\nx\n"},
    {"EUC-KR in a header", "Subject: \xc7\xd1\xb1\xdb \xc6\xed\xc1\xf6\n\nx\n",
     "Subject: =?utf-8?B?7ZWc6riAIO2OuOyngA==?=\n\nx\n"},
    {"fields for which no encoding is known",
     "Message-ID: <\xc3\xa9@x>\nReceived: from \xe9\n\ty\n\nx\n",
     "Message-ID: <??@x>\nReceived: from ?\n\ty\n\nx\n"},
    {"quoted-printable with 8-bit octets stays what it means",
     MIME HTML QP "\nsmall fish =C3=A9 = \n\xc3\xa9 \n",
     MIME HTML QP "\nsmall fish =C3=A9 =C3=A9\n"},
    {"base64 with junk", MIME HTML BASE64 "\nc21h\xe9\nbGw=\n", MIME HTML BASE64 "\nc21hbGw=\n"},
    {"an encoding that nobody knows", MIME HTML "Content-Transfer-Encoding: 8-bit\n\n" FISH,
     MIME HTML QP "\n" FISH_QP},
    {"a bare CR", MIME HTML "\nsmall fish\rswim\n", MIME HTML QP "\nsmall fish=0Dswim\n"},
    {"an mbox line", "From caf\xc3\xa9 x\nSubject: x\n\n" FISH,
     "From caf?? x\nSubject: x\n" MIME UTF8 QP "\n" FISH_QP},
    {"CRLF", "Subject: x\r\n" HTML "\r\nsmall fish \xc3\xa9 \r\n\r\nx\r\n",
     "Subject: x\r\n" HTML
     "MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
     "small fish =C3=A9=20\r\n\r\nx\r\n"},
    {"quoted-printable must not make a delimiter line",
     MIME "Content-Type: multipart/mixed; boundary=\"=C3=A9\"\n\n--=C3=A9\n" HTML
	  "\na small fish\n--\xc3\xa9\n--=C3=A9--\n",
     MIME "Content-Type: multipart/mixed; boundary=\"=C3=A9\"\n\n--=C3=A9\n" HTML QP
	  "\na small fish\n=2D-=C3=A9\n--=C3=A9--\n"},
    {"quoted-printable that hides a delimiter line goes on doing so",
     MIXED "--b\n" HTML QP "\na small fish\n=2D-b\n-=\n-b--\n\xc3\xa9\n--b--\n",
     MIXED "--b\n" HTML QP "\na small fish\n=2D-b\n=2D-b--\n=C3=A9\n--b--\n"},
    {"message/global with the boundary of what it is in",
     MIXED
     "--b\nContent-Type: message/global\n\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n"
     "a small fish \xc3\xa9\n--b--\n--b--\n",
     MIXED "--b\nContent-Type: message/global\n" QP
	   "\nContent-Type: multipart/mixed; boundary=3Db\n\n=2D-b\n\na small fish =C3=A9\n"
	   "=2D-b--\n--b--\n"},
    {"uuencode with nothing in it that can be read",
     MIME HTML "Content-Transfer-Encoding: x-uuencode\n\n" FISH, MIME HTML QP "\n" FISH_QP},
    {"a multipart without a delimiter is text",
     MIME "Content-Type: multipart/mixed; boundary=b\n\n" FISH,
     MIME "Content-Type: multipart/mixed; boundary=b\n" QP "\n" FISH_QP},
};

static void keep(void *arg, span octets)
{
	(void)str_put(arg, octets);
}

static conv *converters;

static enum seven_result convert(span message, str *to, status *st)
{
	charset_opener opener = conv_opener(converters);
	arena a = arena_new(64 << 20);
	seven s;
	enum seven_result result = seven_open(&s, message, &opener, &a);
	*st = seven_status(&s, result);
	str_clear(to);
	if (result <= SEVEN_OTHER)
		seven_write(&s, keep, to);
	arena_free(&a);
	return result;
}

static void table(void)
{
	str out = str_new(1 << 20);
	status st;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].message));
		enum seven_result result = convert(in, &out, &st);
		if (cases[i].want)
			CHECK(result == SEVEN_OTHER &&
				  span_eq(str_span(&out), span_str(cases[i].want)),
			      "%s: %d [%s]", cases[i].name, (int)result, str_cstr(&out));
		else
			CHECK(result > SEVEN_OTHER && st.code == EX_DATAERR, "%s: %s",
			      cases[i].name, st.text);
		free((char *)(uintptr_t)in.p);
	}
	str_free(&out);
}

static void reasons(void)
{
	str out = str_new(1 << 16);
	status st;
	CHECK(
	    convert(S("To: \xc3\xa9@x.org\n\nx\n"), &out, &st) == SEVEN_ADDRESS &&
		span_eq(span_str(st.enhanced), S("5.6.9")) &&
		span_eq(span_str(st.text), S("To of the message has an address that is not ASCII")),
	    "%s", st.text);
	CHECK(convert(S(MIXED "--b\n\nx\n--b\nContent-Type: multipart/signed; "
			      "boundary=c\n\n--c\n\n\xc3\xa9\n--c--\n--b--\n"),
		      &out, &st) == SEVEN_SIGNED &&
		  span_eq(span_str(st.enhanced), S("5.6.3")) &&
		  span_eq(span_str(st.text), S("part 2 is signed or encrypted, and not 7-bit")),
	      "%s", st.text);
	CHECK(convert(S("Subject: x\r\n\r\nplain\r\n"), &out, &st) == SEVEN_SAME &&
		  span_eq(str_span(&out), S("Subject: x\r\n\r\nplain\r\n")),
	      "7-bit comes out as it was");
	str_free(&out);
}

/* Long lines: folded at blanks, encoded, cut. */
static void long_lines(void)
{
	str in = str_new(1 << 16), out = str_new(1 << 16);
	status st;
	(void)str_put(&in, S("X-One: "));
	for (int i = 0; i < 400; i++)
		(void)str_put(&in, S("word "));
	(void)str_put(&in, S("\nX-Two: "));
	for (int i = 0; i < 1500; i++)
		(void)str_putc(&in, 'x');
	(void)str_put(&in, S("\nContent-Disposition: attachment; filename="));
	for (int i = 0; i < 1500; i++)
		(void)str_putc(&in, 'y');
	(void)str_put(&in, S("\n\n"));
	for (int i = 0; i < 1500; i++)
		(void)str_putc(&in, 'z');
	CHECK(convert(str_span(&in), &out, &st) == SEVEN_OTHER && code_is_7bit(str_span(&out)),
	      "long lines: %s", str_cstr(&out));
	CHECK(convert(str_span(&out), &in, &st) == SEVEN_SAME, "once is enough");
	str_free(&in);
	str_free(&out);
}

/* What is deeper or more than the tree has is not touched, and so cannot be changed. */
static void bounds(void)
{
	str in = str_new(16 << 20), out = str_new(16 << 20);
	status st;
	for (int i = 0; i < 200; i++)
		(void)str_printf(&in, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i,
				 i);
	(void)str_put(&in, S("\n\xc3\xa9\n"));
	CHECK(convert(str_span(&in), &out, &st) == SEVEN_DEPTH, "too deep: %s", st.text);
	str_clear(&in);
	(void)str_put(&in, S(MIXED));
	for (int i = 0; i < 100001; i++)
		(void)str_put(&in, S("--b\n\nx\n"));
	(void)str_put(&in, S("--b\n\n\xc3\xa9\n"));
	CHECK(convert(str_span(&in), &out, &st) == SEVEN_DEPTH, "too many: %s", st.text);
	str_free(&in);
	str_free(&out);
}

int main(void)
{
	converters = conv_new();
	table();
	reasons();
	long_lines();
	bounds();
	conv_free(converters);
	return unit_done();
}
