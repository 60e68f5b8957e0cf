/* links: smtp mail io base : z */
#include "smtp/cmd.h"

#include "smtp/qualify.h"
#include "tests/unit/unit.h"

static void verbs(void)
{
	static const struct {
		const char *line;
		enum cmd_verb verb;
		const char *args;
	} cases[] = {
	    {"QUIT\r\n", CMD_QUIT, ""},
	    {"quit", CMD_QUIT, ""},
	    {"QUIT \r\n", CMD_QUIT, ""},
	    {"EHLO mail.example.org\r\n", CMD_EHLO, "mail.example.org"},
	    {"eHlO\tx\n", CMD_EHLO, "x"},
	    {"MAIL FROM:<a@b> SIZE=1\r\n", CMD_MAIL, "FROM:<a@b> SIZE=1"},
	    {"RCPT  TO:<a@b>  \r\n", CMD_RCPT, "TO:<a@b>"},
	    {"DATA\r\n", CMD_DATA, ""},
	    {"RSET\r\n", CMD_RSET, ""},
	    {"NOOP x y\r\n", CMD_NOOP, "x y"},
	    {"VRFY a\r\n", CMD_VRFY, "a"},
	    {"HELP\r\n", CMD_HELP, ""},
	    {"HELO x\r\n", CMD_HELO, "x"},
	    {"GET / HTTP/1.1\r\n", CMD_HTTP, "/ HTTP/1.1"},
	    {"POST / HTTP/1.1\r\n", CMD_HTTP, "/ HTTP/1.1"},
	    {"\r\n", CMD_UNKNOWN, ""},
	    {"", CMD_UNKNOWN, ""},
	    {"   \r\n", CMD_UNKNOWN, ""},
	    {"QUITX\r\n", CMD_UNKNOWN, ""},
	    {"QUI\r\n", CMD_UNKNOWN, ""},
	    {"MAILFROM:<a@b>\r\n", CMD_UNKNOWN, ""},
	    {"QUIT\r\r\n", CMD_OCTETS, ""},
	    {"MAIL FROM:<a@b>\rRCPT TO:<c@d>\r\n", CMD_OCTETS, ""},
	    {"NOOP \x01\r\n", CMD_OCTETS, ""},
	    {"NOOP \x7f\r\n", CMD_OCTETS, ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span line = unit_copy(span_str(cases[i].line));
		cmd c = cmd_parse(line);
		CHECK(c.verb == cases[i].verb &&
			  (c.args.n == 0 || span_eq(c.args, span_str(cases[i].args))),
		      "command %zu", i);
		free((char *)(uintptr_t)line.p);
	}
	CHECK(cmd_parse(span_of("NO\0OP\r\n", 7)).verb == CMD_OCTETS, "NUL in a verb");
	CHECK(cmd_parse(span_of("NOOP \0\r\n", 8)).verb == CMD_OCTETS, "NUL in an argument");
}

static void hellos(void)
{
	char long_name[CMD_HELLO_MAX + 1];
	memset(long_name, 'a', sizeof long_name);
	CHECK(cmd_hello_valid(S("mail.example.org")), "a name");
	CHECK(cmd_hello_valid(S("[192.0.2.1]")), "a literal");
	CHECK(cmd_hello_valid(S("my_pc")), "what is no host name is taken all the same");
	CHECK(!cmd_hello_valid(S("")), "nothing");
	CHECK(!cmd_hello_valid(S("a b")), "two words");
	CHECK(cmd_hello_valid(span_of(long_name, CMD_HELLO_MAX)), "the longest");
	CHECK(!cmd_hello_valid(span_of(long_name, sizeof long_name)), "too long");
}

static void mails(void)
{
	static const struct {
		const char *args;
		int reply;
		const char *enhanced;
		uint64_t size;
	} cases[] = {
	    {"FROM:<a@b.example>", 250, "", 0},
	    {"FROM:<>", 250, "", 0},
	    {"from:<a@b.example> size=10 body=8bitmime", 250, "", 10},
	    {"FROM: <a@b.example>", 250, "", 0},
	    {"FROM:<a@b.example> SIZE=1000", 250, "", 1000},
	    {"FROM:<a@b.example> SIZE=1001", 552, "5.3.4", 1001},
	    {"FROM:<a@b.example> SIZE=99999999999999999999999", 501, "5.5.4", 0},
	    {"FROM:<a@b.example> SIZE=-1", 501, "5.5.4", 0},
	    {"FROM:<a@b.example> SIZE=", 501, "5.5.4", 0},
	    {"FROM:<a@b.example> SIZE", 501, "5.5.4", 0},
	    {"FROM:<a@b.example> BODY=BINARYMIME", 501, "5.5.4", 0},
	    {"FROM:<a@b.example> SMTPUTF8", 250, "", 0},
	    {"FROM:<b\xc3\xbc@b.example> SMTPUTF8", 250, "", 0},
	    {"FROM:<a@b.example> SMTPUTF8=1", 501, "5.5.4", 0},
	    {"FROM:<a@b.example> RET=FULL ENVID=QQ+2B1", 250, "", 0},
	    {"FROM:<a@b.example> ret=hdrs", 250, "", 0},
	    {"FROM:<a@b.example> RET=BODY", 501, "5.5.4", 0},
	    {"FROM:<a@b.example> RET", 501, "5.5.4", 0},
	    {"FROM:<a@b.example> ENVID=x+0A", 501, "5.5.4", 0},
	    {"FROM:<a@b.example> ENVID=x+07", 501, "5.5.4", 0},
	    {"FROM:<a@b.example> ENVID=x+0", 501, "5.5.4", 0},
	    {"FROM:<a@b.example> AUTH=x+0A", 501, "5.5.4", 0},
	    {"FROM:<a@b.example> SIZE=1 SIZE=1", 501, "5.5.4", 0},
	    {"FROM:<b\xc3\xbc@b.example>", 553, "5.6.7", 0},
	    {"FROM:<a@b.example", 501, "5.1.7", 0},
	    {"FROM:<a@@b.example>", 501, "5.1.7", 0},
	    {"FROM:<a b@b.example>", 501, "5.1.7", 0},
	    {"", 501, "5.5.4", 0},
	    {"TO:<a@b.example>", 501, "5.5.4", 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena a = arena_new(65536);
		envelope_path path;
		cmd_mail m;
		span args = unit_copy(span_str(cases[i].args));
		status st = cmd_mail_args(args, 1000, &a, &path, &m);
		bool same = st.reply == cases[i].reply &&
			    (st.reply == 250 || strcmp(st.enhanced, cases[i].enhanced) == 0);
		CHECK(same && (st.reply >= 500 || m.size == cases[i].size), "MAIL %s: %d %s",
		      cases[i].args, st.reply, st.enhanced);
		free((char *)(uintptr_t)args.p);
		arena_free(&a);
	}
}

static void rcpts(void)
{
	static const struct {
		const char *args;
		int reply;
		const char *enhanced;
		bool utf8;
	} cases[] = {
	    {"TO:<a@b.example>", 250, "", false},
	    {"TO:<postmaster>", 250, "", false},
	    {"TO:<Postmaster>", 250, "", false},
	    {"TO:<\"a b\"@b.example>", 250, "", false},
	    {"TO:<@r.example:a@b.example>", 250, "", false},
	    {"TO:<>", 501, "5.1.3", false},
	    {"TO:<a>", 501, "5.1.3", false},
	    {"TO:a@b.example", 501, "5.1.3", false},
	    {"TO:<a@b.example> NOTIFY=NEVER", 250, "", false},
	    {"TO:<a@b.example> NOTIFY=success,DELAY,Failure ORCPT=rfc822;a+2B@b", 250, "", false},
	    {"TO:<a@b.example> NOTIFY=NEVER,DELAY", 501, "5.5.4", false},
	    {"TO:<a@b.example> NOTIFY=DELAY,DELAY", 501, "5.5.4", false},
	    {"TO:<a@b.example> NOTIFY=DELAY,", 501, "5.5.4", false},
	    {"TO:<a@b.example> NOTIFY=,DELAY", 501, "5.5.4", false},
	    {"TO:<a@b.example> NOTIFY", 501, "5.5.4", false},
	    {"TO:<a@b.example> NOTIFY=ALWAYS", 501, "5.5.4", false},
	    {"TO:<a@b.example> ORCPT=rfc822;x+0A", 501, "5.5.4", false},
	    {"TO:<a@b.example> ORCPT=rfc822;x+00", 501, "5.5.4", false},
	    {"TO:<a@b.example> ORCPT=rfc822;x+7F", 501, "5.5.4", false},
	    {"TO:<a@b.example> ORCPT=rfc822;x+G1", 501, "5.5.4", false},
	    {"TO:<a@b.example> ORCPT=rfc822;", 501, "5.5.4", false},
	    {"TO:<a@b.example> ORCPT=rfc822", 501, "5.5.4", false},
	    {"TO:<a@b.example> ORCPT=;a@b", 501, "5.5.4", false},
	    {"TO:<a@b.example> ORCPT=r_f;a@b", 501, "5.5.4", false},
	    {"TO:<a@b.example> ORCPT=utf-8;\xc3\xbc@b", 501, "5.5.4", false},
	    {"TO:<a@b.example> ORCPT=utf-8;\xc3\xbc@b", 250, "", true},
	    {"TO:<a@b.example> ORCPT=rfc822;\xc3\xbc@b", 501, "5.5.4", true},
	    {"TO:<\xc3\xbc@b.example>", 553, "5.6.7", false},
	    {"TO:<\xc3\xbc@b.example>", 250, "", true},
	    {"TO:<\xc3@b.example>", 501, "5.1.3", true},
	    {"TO:<a@b.example> SIZE=1", 555, "5.5.4", false},
	    {"TO:<a@b..example>", 501, "5.1.3", false},
	    {"FROM:<a@b.example>", 501, "5.5.4", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena a = arena_new(65536);
		envelope_path path;
		span args = unit_copy(span_str(cases[i].args));
		status st = cmd_rcpt_args(args, cases[i].utf8, &a, &path);
		CHECK(st.reply == cases[i].reply &&
			  (st.reply == 250 || strcmp(st.enhanced, cases[i].enhanced) == 0),
		      "RCPT %s: %d %s", cases[i].args, st.reply, st.enhanced);
		free((char *)(uintptr_t)args.p);
		arena_free(&a);
	}
}

static void chunks(void)
{
	static const struct {
		const char *args;
		bool valid, last;
		uint64_t octets;
	} cases[] = {
	    {"0 LAST", true, true, 0},
	    {"86", true, false, 86},
	    {"7 last", true, true, 7},
	    {"", false, false, 0},
	    {"LAST", false, false, 0},
	    {"-1", false, false, 0},
	    {"+1", false, false, 0},
	    {"1 FIRST", false, false, 0},
	    {"1 LAST x", false, false, 0},
	    {"99999999999999999999", false, false, 0},
	    {"0x10", false, false, 0},
	    {"18446744073709551615", true, false, UINT64_MAX},
	    {"18446744073709551616", false, false, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t octets = 0;
		bool last;
		bool valid = cmd_bdat_args(span_str(cases[i].args), &octets, &last);
		CHECK(valid == cases[i].valid &&
			  (!valid || (octets == cases[i].octets && last == cases[i].last)),
		      "BDAT %s", cases[i].args);
	}
}

static void vrfys(void)
{
	static const struct {
		const char *args;
		int reply;
	} cases[] = {{"a", 250},
		     {"", 501},
		     {"\xc3\xbc", 553},
		     {"\xc3\xbc SMTPUTF8", 250},
		     {"\xc3 SMTPUTF8", 501},
		     {"a SMTPUTF8", 250}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK(cmd_vrfy_args(span_str(cases[i].args)).reply == cases[i].reply, "VRFY %s",
		      cases[i].args);
}

/* RFC 6409, 8. */
static void qualifying(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {{"FROM:<a>", "FROM:<a@d.example>"},
		     {"TO: <a> NOTIFY=NEVER", "TO: <a@d.example> NOTIFY=NEVER"},
		     {"TO:<\"a@b\">", "TO:<\"a@b\"@d.example>"},
		     {"TO:<\"a\\\">\">", "TO:<\"a\\\">\"@d.example>"},
		     {"FROM:<>", "FROM:<>"},
		     {"FROM:<a@b>", "FROM:<a@b>"},
		     {"TO:<postmaster>", "TO:<postmaster>"},
		     {"TO:<@a:b>", "TO:<@a:b>"},
		     {"TO:<a", "TO:<a"},
		     {"TO:a", "TO:a"},
		     {"", ""}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena mem = arena_new(4096);
		span in = unit_copy(span_str(cases[i].in));
		span out = qualify(in, S("d.example"), &mem);
		CHECK(span_eq(out, span_str(cases[i].out)), "qualify %s", cases[i].in);
		CHECK(span_eq(qualify(in, S(""), &mem), in), "without a domain %s", cases[i].in);
		free((char *)(uintptr_t)in.p);
		arena_free(&mem);
	}
}

int main(void)
{
	qualifying();
	verbs();
	hellos();
	mails();
	rcpts();
	chunks();
	vrfys();
	return unit_done();
}
