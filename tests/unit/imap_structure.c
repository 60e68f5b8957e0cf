/* links: imap maildir mail io base : z */
#include "imap/envelope.h"
#include "imap/structure.h"
#include "imap/text.h"

#include "tests/unit/unit.h"

static bool is(const str *got, const char *want)
{
	if (span_eq(str_span(got), span_str(want)))
		return true;
	printf("# got  %s\n# want %s\n", str_cstr(got), want);
	return false;
}

static void strings(void)
{
	static const struct {
		span text;
		const char *want;
	} cases[] = {
	    {S(""), "\"\""},
	    {S("plain"), "\"plain\""},
	    {S("a \"b\" \\c"), "\"a \\\"b\\\" \\\\c\""},
	    {S("tab\there"), "\"tab\there\""},
	    {S("caf\xc3\xa9"), "{5}\r\ncaf\xc3\xa9"},
	    {S("a\r\nb"), "{4}\r\na\r\nb"},
	    {S("n\0ul"), "\"nul\""},
	    {S("\0"), "\"\""},
	    {S("\xff\0\xfe"), "{2}\r\n\xff\xfe"},
	    {{NULL, 0}, "NIL"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str to = str_new(1000);
		span s = cases[i].text.p ? unit_copy(cases[i].text) : cases[i].text;
		imap_put_nstring(s, &to);
		CHECK(is(&to, cases[i].want), "string %zu", i);
		str_free(&to);
		free((char *)(uintptr_t)s.p);
	}
}

#define ME "((NIL NIL \"me\" \"x.org\"))"

static void envelopes(void)
{
	static const struct {
		span header;
		const char *want;
	} cases[] = {
	    {S(""), IMAP_ENVELOPE_EMPTY},
	    {S("no header at all"), IMAP_ENVELOPE_EMPTY},
	    {S("Date: Tue, 24 Nov 2026 05:00:00 +0900\r\nSubject: a\r\n b\r\nFrom: me@x.org\r\n"
	       "Message-ID: <1@x.org>\r\nIn-Reply-To: <0@x.org>\r\n\r\nTo: not@header"),
	     "(\"Tue, 24 Nov 2026 05:00:00 +0900\" \"a b\" " ME " " ME " " ME
	     " NIL NIL NIL \"<0@x.org>\" \"<1@x.org>\")"},
	    /* present but empty (RFC 3501, 7.4.2) */
	    {S("Subject:\nDate: \nTo:\nCc: ,\nMessage-ID:\nIn-Reply-To:\n"),
	     "(\"\" \"\" NIL NIL NIL NIL NIL NIL \"\" \"\")"},
	    {S("From: me@x.org\nSender: \"A. Nother\" <s@x.org>\nReply-To: r@x.org\n"),
	     "(NIL NIL " ME " ((\"A. Nother\" NIL \"s\" \"x.org\")) ((NIL NIL \"r\" \"x.org\")) "
	     "NIL NIL NIL NIL NIL)"},
	    {S("From: me@x.org\nSender:\nReply-To: ,\n"),
	     "(NIL NIL " ME " " ME " " ME " NIL NIL NIL NIL NIL)"},
	    /* names: quoting undone, comments gone, a comment where there is no name */
	    {S("To: \"Doe, \\\"J\\\"\" <j@x.org>, Q (x) R  S <q@x.org>, c@x.org (The Name),\n"
	       " =?utf-8?B?7ZWc6riA?= <k@x.org>, \"quoted local\"@x.org\n"),
	     "(NIL NIL NIL NIL NIL ((\"Doe, \\\"J\\\"\" NIL \"j\" \"x.org\")"
	     "(\"Q R S\" NIL \"q\" \"x.org\")(\"The Name\" NIL \"c\" \"x.org\")"
	     "(\"=?utf-8?B?7ZWc6riA?=\" NIL \"k\" \"x.org\")"
	     "(NIL NIL \"quoted local\" \"x.org\")) NIL NIL NIL NIL)"},
	    /* groups */
	    {S("To: undisclosed-recipients:;\nCc: team: a@x.org, b@x.org; , c@x.org\n"
	       "Bcc: open: d@x.org\n"),
	     "(NIL NIL NIL NIL NIL "
	     "((NIL NIL \"undisclosed-recipients\" NIL)(NIL NIL NIL NIL)) "
	     "((NIL NIL \"team\" NIL)(NIL NIL \"a\" \"x.org\")(NIL NIL \"b\" \"x.org\")"
	     "(NIL NIL NIL NIL)(NIL NIL \"c\" \"x.org\")) "
	     "((NIL NIL \"open\" NIL)(NIL NIL \"d\" \"x.org\")(NIL NIL NIL NIL)) NIL NIL)"},
	    /* what is no address, and what lacks a part: never a NIL that would begin a group */
	    {S("From: root\nTo: J. R. <j@a..b>, <>, Nobody here at all\n"),
	     "(NIL NIL ((NIL NIL \"root\" \"MISSING_DOMAIN\")) "
	     "((NIL NIL \"root\" \"MISSING_DOMAIN\")) ((NIL NIL \"root\" \"MISSING_DOMAIN\")) "
	     "((\"J. R.\" NIL \"j\" \"a..b\")(NIL NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\")"
	     "(\"Nobody here at all\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\")) "
	     "NIL NIL NIL NIL)"},
	    /* twice: the first subject, all recipients */
	    {S("Subject: one\nSubject: two\nTo: a@x.org\nTo: b@x.org\n"),
	     "(NIL \"one\" NIL NIL NIL ((NIL NIL \"a\" \"x.org\")(NIL NIL \"b\" \"x.org\")) "
	     "NIL NIL NIL NIL)"},
	    /* 8-bit octets are literals, NULs go, bare CRs are blanks */
	    {S("Subject: \xed\x95\x9c\n \xea\xb8\x80\nDate: n\0o\rw\n"),
	     "(\"no w\" {7}\r\n\xed\x95\x9c \xea\xb8\x80 NIL NIL NIL NIL NIL NIL NIL NIL)"},
	    {S("From: \"\xed\x95\x9c\" <k@x.org>\n"),
	     "(NIL NIL (({3}\r\n\xed\x95\x9c NIL \"k\" \"x.org\")) "
	     "(({3}\r\n\xed\x95\x9c NIL \"k\" \"x.org\")) (({3}\r\n\xed\x95\x9c NIL \"k\" "
	     "\"x.org\")) "
	     "NIL NIL NIL NIL NIL)"},
	};
	arena mem = arena_new(1 << 20);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		str to = str_new(1 << 16);
		span s = unit_copy(cases[i].header);
		imap_envelope(s, &mem, &to);
		CHECK(is(&to, cases[i].want), "envelope %zu", i);
		str_free(&to);
		free((char *)(uintptr_t)s.p);
	}
	arena_free(&mem);
}

/* Too many addresses: the envelope stays one that can be read. */
static void much(void)
{
	arena mem = arena_new(64 << 20);
	str header = str_new(64 << 20), to = str_new(64 << 20);
	(void)str_put(&header, S("To: "));
	for (int i = 0; i < 300000; i++)
		(void)str_put(&header, S("somebody@example.org, "));
	imap_envelope(str_span(&header), &mem, &to);
	CHECK(to.n > 100000 && to.n < IMAP_ENVELOPE_MAX && !to.over &&
		  span_ends(str_span(&to), S(")) NIL NIL NIL NIL)")),
	      "an endless To");
	str_free(&to);
	to = str_new(100);
	imap_envelope(str_span(&header), &mem, &to);
	CHECK(is(&to, IMAP_ENVELOPE_EMPTY), "no room");
	str_free(&to);
	str_free(&header);
	arena_free(&mem);
}

#define PLAIN "\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "

static const struct {
	span message;
	const char *body, *structure;
} messages[] = {
    {S(""), "(" PLAIN "0 0)", "(" PLAIN "0 0 NIL NIL NIL NIL)"},
    {S("Subject: x\n\none\ntwo\n"), "(" PLAIN "10 2)", "(" PLAIN "10 2 NIL NIL NIL NIL)"},
    {S("Subject: x\r\n\r\none\r\ntwo"), "(" PLAIN "8 1)", "(" PLAIN "8 1 NIL NIL NIL NIL)"},
    {S("Content-Type: text/html; charset=\"utf-8\"; format=flowed\nContent-ID: <a@b>\n"
       "Content-Description: a \"thing\"\nContent-Transfer-Encoding: BASE64\nContent-MD5: "
       "Q2hlY2s=\n"
       "Content-Disposition: inline; filename=\"x y\"\nContent-Language: en, fr\n"
       "Content-Location: http://x.org/\n\nPGI+\n"),
     "(\"text\" \"html\" (\"charset\" \"utf-8\" \"format\" \"flowed\") \"<a@b>\" "
     "\"a \\\"thing\\\"\" \"BASE64\" 6 1)",
     "(\"text\" \"html\" (\"charset\" \"utf-8\" \"format\" \"flowed\") \"<a@b>\" "
     "\"a \\\"thing\\\"\" \"BASE64\" 6 1 \"Q2hlY2s=\" (\"inline\" (\"filename\" \"x y\")) "
     "(\"en\" \"fr\") \"http://x.org/\")"},
    {S("Content-Type: image/png; name*=utf-8''%ed%95%9c.png\nContent-Disposition: attachment;\n"
       " filename*0*=iso-8859-1''caf%e9; filename*1=\" x.png\"\n\n"),
     "(\"image\" \"png\" (\"name*\" \"utf-8''%ED%95%9C.png\") NIL NIL \"7bit\" 0)",
     "(\"image\" \"png\" (\"name*\" \"utf-8''%ED%95%9C.png\") NIL NIL \"7bit\" 0 NIL "
     "(\"attachment\" (\"filename*\" \"iso-8859-1''caf%E9%20x.png\")) NIL NIL)"},
    {S("Content-Type: a/b; x*=utf-8''plain; y=\xed\x95\x9c; z=\"=?utf-8?Q?w?=\"\n\n"),
     "(\"a\" \"b\" (\"x\" \"plain\" \"y\" {3}\r\n\xed\x95\x9c \"z\" \"=?utf-8?Q?w?=\") NIL NIL "
     "\"7bit\" 0)",
     NULL},
    {S("Content-Type: multipart/mixed; boundary=B\n\npre\n--B\n\none\n--B\n"
       "Content-Type: application/x; name=n\n\n12345\n67\n--B--\nepilogue\n"),
     "((" PLAIN "3 0)(\"application\" \"x\" (\"name\" \"n\") NIL NIL \"7bit\" 9) \"mixed\")",
     "((" PLAIN
     "3 0 NIL NIL NIL NIL)(\"application\" \"x\" (\"name\" \"n\") NIL NIL \"7bit\" 9 NIL "
     "NIL NIL NIL) \"mixed\" (\"boundary\" \"B\") NIL NIL NIL)"},
    {S("Content-Type: multipart/mixed; boundary=B\nContent-Disposition: inline\n"
       "Content-Language: ko\n\n--B--\n"),
     "(" IMAP_STRUCTURE_EMPTY " \"mixed\")",
     "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL) "
     "\"mixed\" (\"boundary\" \"B\") (\"inline\" NIL) (\"ko\") NIL)"},
    /* without its parameter, or without a delimiter: what can be read */
    {S("Content-Type: multipart/mixed\n\nx\n"),
     "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 1)", NULL},
    {S("Content-Type: multipart/mixed; boundary=B\n\nx\n"),
     "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 1)", NULL},
    {S("Content-Type: garbage\n\nx\n"),
     "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 1)", NULL},
    {S("Content-Type: multipart/alternative; boundary=A\n\n--A\nContent-Type: multipart/related; "
       "boundary=B\n\n--B\n\nx\n--B--\n--A\n\ny\n--A--\n"),
     "(((" PLAIN "1 0) \"related\")(" PLAIN "1 0) \"alternative\")", NULL},
    {S("Content-Type: message/rfc822\n\nSubject: inner\nFrom: me@x.org\n\nbody\n"),
     "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 40 (NIL \"inner\" " ME " " ME " " ME
     " NIL NIL NIL NIL NIL) (" PLAIN "6 1) 4)",
     "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 40 (NIL \"inner\" " ME " " ME " " ME
     " NIL NIL NIL NIL NIL) (" PLAIN "6 1 NIL NIL NIL NIL) 4 NIL NIL NIL NIL)"},
    {S("Content-Type: multipart/digest; boundary=B\n\n--B\n\nSubject: d\n\n1\n--B--\n"),
     "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 15 (NIL \"d\" NIL NIL NIL NIL NIL NIL NIL NIL) "
     "(" PLAIN "1 0) 2) \"digest\")",
     NULL},
    /* one that is encoded is not opened, but has all that a client expects of its type */
    {S("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQQ==\n"),
     "(\"message\" \"rfc822\" NIL NIL NIL \"base64\" 6 " IMAP_ENVELOPE_EMPTY
     " " IMAP_STRUCTURE_EMPTY " 1)",
     NULL},
    {S("Content-Type: text/html; name=x\n\n"),
     "(\"text\" \"html\" (\"name\" \"x\" \"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0)", NULL},
    {S("Content-Type: message/global\n\nSubject: g\n\nx\n"),
     "(\"message\" \"global\" NIL NIL NIL \"7bit\" 17)", NULL},
};

static void structures(void)
{
	arena mem = arena_new(1 << 20), scratch = arena_new(1 << 20);
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		str body = str_new(1 << 16), structure = str_new(1 << 16);
		span s = unit_copy(messages[i].message);
		part_tree t;
		arena_reset(&mem);
		if (!part_parse(s, &mem, &t))
			abort();
		imap_structure(&t, false, &scratch, &body);
		imap_structure(&t, true, &scratch, &structure);
		CHECK(is(&body, messages[i].body), "body %zu", i);
		if (messages[i].structure)
			CHECK(is(&structure, messages[i].structure), "structure %zu", i);
		str_free(&body);
		str_free(&structure);
		free((char *)(uintptr_t)s.p);
	}
	arena_free(&mem);
	arena_free(&scratch);
}

int main(void)
{
	strings();
	envelopes();
	much();
	structures();
	return unit_done();
}
