/* links: smtp mail io base : z */
#include "smtp/cmd.h"

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
	    {"FROM:<a@b.example> SMTPUTF8", 555, "5.5.4", 0},
	    {"FROM:<a@b.example> RET=FULL", 555, "5.5.4", 0},
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
	} cases[] = {
	    {"TO:<a@b.example>", 250, ""},
	    {"TO:<postmaster>", 250, ""},
	    {"TO:<Postmaster>", 250, ""},
	    {"TO:<\"a b\"@b.example>", 250, ""},
	    {"TO:<@r.example:a@b.example>", 250, ""},
	    {"TO:<>", 501, "5.1.3"},
	    {"TO:<a>", 501, "5.1.3"},
	    {"TO:a@b.example", 501, "5.1.3"},
	    {"TO:<a@b.example> NOTIFY=NEVER", 555, "5.5.4"},
	    {"TO:<a@b..example>", 501, "5.1.3"},
	    {"FROM:<a@b.example>", 501, "5.5.4"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena a = arena_new(65536);
		envelope_path path;
		span args = unit_copy(span_str(cases[i].args));
		status st = cmd_rcpt_args(args, &a, &path);
		CHECK(st.reply == cases[i].reply &&
			  (st.reply == 250 || strcmp(st.enhanced, cases[i].enhanced) == 0),
		      "RCPT %s: %d %s", cases[i].args, st.reply, st.enhanced);
		free((char *)(uintptr_t)args.p);
		arena_free(&a);
	}
}

int main(void)
{
	verbs();
	hellos();
	mails();
	rcpts();
	return unit_done();
}
