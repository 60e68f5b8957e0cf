/* links: mail base */
#include "mail/envelope.h"

#include "tests/unit/unit.h"

static const char *const error_names[] = {"ok", "syntax", "address", "many", "nocommit", "order"};

static void parsing(void)
{
	static const struct {
		span in;
		const char *out; /* "error line", or the text as it is written again */
	} cases[] = {
	    {S("MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\nSubject: x\n"),
	     "MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n"},
	    {S("mail from: <a@b>\r\nrcpt to:\t<c@d> \r\ndata\r\n"),
	     "MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n"},
	    {S("XFORWARD ADDR=192.0.2.1 HELO=x\nMAIL FROM:<> BODY=8BITMIME SMTPUTF8\nRCPT "
	       "TO:<c@d> NOTIFY=NEVER ORCPT=rfc822;c=d\nRCPT TO:<\"e f\"@g>\nDATA\n"),
	     "XFORWARD ADDR=192.0.2.1 HELO=x\nMAIL FROM:<> BODY=8BITMIME SMTPUTF8\nRCPT "
	     "TO:<c@d> NOTIFY=NEVER ORCPT=rfc822;c=d\nRCPT TO:<\"e f\"@g>\nDATA\n"},
	    {S(""), "nocommit 1"},
	    {S("MAIL FROM:<a@b>\nRCPT TO:<c@d>\n"), "nocommit 3"},
	    {S("MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA"), "nocommit 3"},
	    {S("MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA x\n"), "syntax 3"},
	    {S("MAIL FROM:<a@b>\nDATA\n"), "order 2"},
	    {S("DATA\n"), "order 1"},
	    {S("RCPT TO:<c@d>\nMAIL FROM:<a@b>\nDATA\n"), "order 1"},
	    {S("MAIL FROM:<a@b>\nMAIL FROM:<a@b>\n"), "order 2"},
	    {S("MAIL FROM:<a@b>\nXFORWARD HELO=x\n"), "order 2"},
	    {S("XFORWARD HELO=x\nXFORWARD HELO=x\n"), "order 2"},
	    {S("XFORWARD\n"), "syntax 1"},
	    {S("XFORWARD HE LO=\x01\n"), "syntax 1"},
	    {S("MAIL FROM:<a@b>\n\nDATA\n"), "syntax 2"},
	    {S(" MAIL FROM:<a@b>\n"), "syntax 1"},
	    {S("MAIL FROM:\n"), "address 1"},
	    {S("MAIL FROM:a@b\n"), "address 1"},
	    {S("MAIL <a@b>\n"), "syntax 1"},
	    {S("MAIL FROM:<a@b>x\n"), "syntax 1"},
	    {S("MAIL FROM:<a@b>\nRCPT TO:<>\n"), "address 2"},
	    {S("MAIL FROM:<a@b> SIZE=1 size=2\n"), "syntax 1"},
	    {S("MAIL FROM:<a@b> SIZE=\n"), "syntax 1"},
	    {S("MAIL FROM:<a@b> =1\n"), "syntax 1"},
	    {S("MAIL FROM:<a@b> A_B=1\n"), "syntax 1"},
	    {S("MAIL FROM:<a@b> A=\0\n"), "syntax 1"},
	    {S("MAIL FROM:<a@b> A=\xff\n"), "syntax 1"},
	    {S("MAIL FROM:<a@b>\0\n"), "syntax 1"},
	    {S("MAIL FROM:<a\0@b>\n"), "address 1"},
	    {S("MAIL FROM:<a@b>\r\r\n"), "syntax 1"},
	    {S("MAIL FROM:<a@b> A B C D E F G H I J K L M N O P Q\n"), "many 1"},
	    {S("QUIT\n"), "syntax 1"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena mem = arena_new(1 << 20);
		str text = str_new(4096);
		span in = unit_copy(cases[i].in);
		envelope env;
		size_t used, line;
		enum envelope_error e = envelope_parse(in, &mem, &env, &used, &line);
		if (e == ENVELOPE_OK)
			envelope_write(&env, &text);
		else
			str_printf(&text, "%s %zu", error_names[e], line);
		CHECK(strcmp(str_cstr(&text), cases[i].out) == 0, "envelope %zu: %s", i,
		      error_names[e]);
		CHECK(e != ENVELOPE_OK || in.p[used - 1] == '\n',
		      "case %zu ends with its DATA line", i);
		CHECK(*envelope_error_text(e), "case %zu has words", i);
		free((char *)(uintptr_t)in.p);
		str_free(&text);
		arena_free(&mem);
	}
}

static void limits(void)
{
	arena mem = arena_new(64 << 20);
	str text = str_new(64 << 20);
	envelope env;
	size_t used, line;
	str_put(&text, S("MAIL FROM:<a@b>\n"));
	for (size_t i = 0; i < ENVELOPE_RCPT_MAX; i++)
		str_printf(&text, "RCPT TO:<user%zu@example.test>\n", i);
	size_t fits = text.n;
	str_put(&text, S("DATA\n"));
	CHECK(envelope_parse(str_span(&text), &mem, &env, &used, &line) == ENVELOPE_OK &&
		  env.rcpt_count == ENVELOPE_RCPT_MAX && used == text.n,
	      "as many recipients as are allowed");
	CHECK(span_eq(env.rcpts[9999].addr.local, S("user9999")), "the last one is whole");
	str_cut(&text, fits);
	str_put(&text, S("RCPT TO:<one@more>\nDATA\n"));
	CHECK(envelope_parse(str_span(&text), &mem, &env, &used, &line) == ENVELOPE_TOO_MANY &&
		  line == ENVELOPE_RCPT_MAX + 2,
	      "one more is too many");
	arena small = arena_new(1024);
	CHECK(envelope_parse(str_span(&text), &small, &env, &used, &line) == ENVELOPE_TOO_MANY,
	      "a full arena is too many");
	str_clear(&text);
	str_put(&text, S("MAIL FROM:<a@b> X="));
	while (text.n < ENVELOPE_LINE_MAX - 1)
		str_putc(&text, 'x');
	str_put(&text, S("\nRCPT TO:<c@d>\nDATA\n"));
	CHECK(envelope_parse(str_span(&text), &mem, &env, &used, &line) == ENVELOPE_OK,
	      "the longest line");
	text.p[ENVELOPE_LINE_MAX - 1] = 'x';
	CHECK(envelope_parse(str_span(&text), &mem, &env, &used, &line) == ENVELOPE_SYNTAX &&
		  line == 1,
	      "a line that is too long");
	str_free(&text);
	arena_free(&mem);
	arena_free(&small);
}

static void parameters(void)
{
	arena mem = arena_new(1 << 16);
	envelope_path path;
	envelope env;
	span v;
	size_t used, line;
	CHECK(envelope_mail_args(S("FROM:<a@b> SIZE=100 body=8BITMIME SMTPUTF8"), &mem, &path) ==
		      ENVELOPE_OK &&
		  path.param_count == 3,
	      "three parameters");
	CHECK(envelope_param_get(&path, "Size", &v) && span_eq(v, S("100")),
	      "keywords without case");
	CHECK(envelope_param_get(&path, "SMTPUTF8", &v) && v.n == 0, "a keyword alone");
	CHECK(!envelope_param_get(&path, "RET", &v), "what is not there");
	CHECK(envelope_rcpt_args(S("TO:<postmaster>"), &mem, &path) == ENVELOPE_OK,
	      "postmaster alone");
	CHECK(envelope_rcpt_args(S("FROM:<a@b>"), &mem, &path) == ENVELOPE_SYNTAX, "FROM is no TO");
	(void)envelope_parse(
	    S("XFORWARD HELO=a+20b ADDR=+0A PROTO=\nMAIL FROM:<>\nRCPT TO:<a@b>\nDATA\n"), &mem,
	    &env, &used, &line);
	CHECK(envelope_xforward(&env, "helo", &mem, &v) && span_eq(v, S("a b")),
	      "XFORWARD decoded");
	CHECK(!envelope_xforward(&env, "ADDR", &mem, &v), "a decoded LF is refused");
	CHECK(!envelope_xforward(&env, "IDENT", &mem, &v), "XFORWARD without it");
	arena_free(&mem);
}

static void xtext(void)
{
	static const struct {
		span in;
		const char *out; /* NULL: refused */
	} cases[] = {
	    {S(""), ""},	   {S("a+2Bb"), "a+b"},	      {S("a+2bb"), "a+b"},
	    {S("+"), NULL},	   {S("a+2"), NULL},	      {S("a+2G"), NULL},
	    {S("+00"), NULL},	   {S("a+0Db"), NULL},	      {S("+0A"), NULL},
	    {S("a b"), NULL},	   {S("a=b"), NULL},	      {S("a\0"), NULL},
	    {S("\xc3\xa9"), NULL}, {S("+C3+A9"), "\xc3\xa9"}, {S("rfc822;a@b"), "rfc822;a@b"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena mem = arena_new(1 << 16);
		span in = unit_copy(cases[i].in), v = S("");
		bool ok = xtext_decode(in, &mem, &v);
		CHECK(ok == (cases[i].out != NULL) && (!ok || span_eq(v, span_str(cases[i].out))),
		      "xtext %s", cases[i].in.p);
		free((char *)(uintptr_t)in.p);
		arena_free(&mem);
	}
	arena mem = arena_new(1 << 16);
	str text = str_new(4096);
	span v;
	char all[255];
	size_t n = 0;
	for (int c = 1; c < 256; c++)
		if (c != '\r' && c != '\n')
			all[n++] = (char)c;
	xtext_encode(span_of(all, n), &text);
	CHECK(xtext_decode(str_span(&text), &mem, &v) && span_eq(v, span_of(all, n)),
	      "there and back");
	str_free(&text);
	arena_free(&mem);
}

int main(void)
{
	parsing();
	limits();
	parameters();
	xtext();
	return unit_done();
}
