/* links: mail base */
#include "mail/addr.h"

#include "mail/utf8.h"
#include "tests/unit/unit.h"

#define L16 "aaaaaaaaaaaaaaaa"
#define L64 L16 L16 L16 L16
#define L63 "aaaaaaaaaaaaaaa" L16 L16 L16

/* What addr_write() makes of it, between marks; or the error. */
static const char *told(enum addr_error e, const addr *a, str *text)
{
	str_clear(text);
	if (e != ADDR_OK)
		return e == ADDR_CONTROL ? "CONTROL" : e == ADDR_TOO_LONG ? "LONG" : "SYNTAX";
	addr_write(a, text);
	str_put(text, a->null ? S(" null") : S(""));
	str_put(text, a->literal ? S(" literal") : S(""));
	str_put(text, a->utf8 ? S(" utf8") : S(""));
	return str_cstr(text);
}

static void paths(void)
{
	static const struct {
		span in;
		const char *out; /* "written flags|rest" or the error */
	} cases[] = {
	    {S("<a@b>"), "a@b|"},
	    {S("<a@b> SIZE=1"), "a@b| SIZE=1"},
	    {S("<>"), " null|"},
	    {S("<> BODY=7BIT"), " null| BODY=7BIT"},
	    {S("< >"), "SYNTAX"},
	    {S("<a@b"), "SYNTAX"},
	    {S("a@b"), "SYNTAX"},
	    {S(""), "SYNTAX"},
	    {S("<"), "SYNTAX"},
	    {S("<postmaster>"), "postmaster|"},
	    {S("<PostMaster>"), "PostMaster|"},
	    {S("<root>"), "SYNTAX"},
	    {S("<@b>"), "SYNTAX"},
	    {S("<a@>"), "SYNTAX"},
	    {S("<a@@b>"), "SYNTAX"},
	    {S("<a@b@c>"), "SYNTAX"},
	    {S("<a b@c>"), "SYNTAX"},
	    {S("<a@b c>"), "SYNTAX"},
	    {S("<.a@b>"), "SYNTAX"},
	    {S("<a.@b>"), "SYNTAX"},
	    {S("<a..b@c>"), "SYNTAX"},
	    {S("<\"a..b\"@c>"), "\"a..b\"@c|"},
	    {S("<a.b+c=d@e.f>"), "a.b+c=d@e.f|"},
	    {S("<!#$%&'*+-/=?^_`{|}~@b>"), "!#$%&'*+-/=?^_`{|}~@b|"},
	    {S("<\"a b\"@c>"), "\"a b\"@c|"},
	    {S("<\"ab\"@c>"), "ab@c|"},
	    {S("<\"a\\b\"@c>"), "ab@c|"},
	    {S("<\"a\\\"b\\\\\"@c>"), "\"a\\\"b\\\\\"@c|"},
	    {S("<\"a>b\"@c>"), "\"a>b\"@c|"},
	    {S("<\"a@b\"@c>"), "\"a@b\"@c|"},
	    {S("<\"\"@c>"), "\"\"@c|"},
	    {S("<\"postmaster\">"), "postmaster|"},
	    {S("<\"a>"), "SYNTAX"},
	    {S("<\"a\\"), "SYNTAX"},
	    {S("<\"a\"b@c>"), "SYNTAX"},
	    {S("<a\"b\"@c>"), "SYNTAX"},
	    {S("<(c)a@b>"), "SYNTAX"},
	    /* source routes are read and dropped (4.1.1.3, appendix C) */
	    {S("<@x:a@b>"), "a@b|"},
	    {S("<@x.y,@z:a@b>"), "a@b|"},
	    {S("<@[127.0.0.1]:a@b>"), "a@b|"},
	    {S("<@x,y:a@b>"), "SYNTAX"},
	    {S("<@x a@b>"), "SYNTAX"},
	    {S("<@x:>"), "SYNTAX"},
	    {S("<@x"), "SYNTAX"},
	    {S("<@:a@b>"), "SYNTAX"},
	    /* domains */
	    {S("<a@b.>"), "SYNTAX"},
	    {S("<a@.b>"), "SYNTAX"},
	    {S("<a@b..c>"), "SYNTAX"},
	    {S("<a@-b>"), "SYNTAX"},
	    {S("<a@b->"), "SYNTAX"},
	    {S("<a@b-.c>"), "SYNTAX"},
	    {S("<a@b_c.d>"), "a@b_c.d|"},
	    {S("<a@EXAMPLE.Test>"), "a@EXAMPLE.Test|"},
	    {S("<a@b!c>"), "SYNTAX"},
	    {S("<a@[127.0.0.1]>"), "a@[127.0.0.1] literal|"},
	    {S("<a@[256.0.0.1]>"), "SYNTAX"},
	    {S("<a@[127.0.0]>"), "SYNTAX"},
	    {S("<a@[127.0.0.1>"), "SYNTAX"},
	    {S("<a@[]>"), "SYNTAX"},
	    {S("<a@[IPv6:::1]>"), "a@[IPv6:::1] literal|"},
	    {S("<a@[ipv6:2001:db8::25]>"), "a@[ipv6:2001:db8::25] literal|"},
	    {S("<a@[IPv6:::ffff:192.0.2.1]>"), "a@[IPv6:::ffff:192.0.2.1] literal|"},
	    {S("<a@[IPv6:12345::]>"), "SYNTAX"},
	    {S("<a@[IPv6:1::2::3]>"), "SYNTAX"},
	    {S("<a@[IPv6:]>"), "SYNTAX"},
	    {S("<a@[IPv6:127.0.0.1]>"), "SYNTAX"},
	    {S("<a@[::1]>"), "SYNTAX"},
	    {S("<a@[x-tag:data]>"), "SYNTAX"},
	    {S("<a@[127.0.0.1\0]>"), "SYNTAX"},
	    /* RFC 6531: UTF-8, and nothing else above 127 */
	    {S("<\xec\x98\xa4@\xed\x95\x9c.\xea\xb5\xad>"),
	     "\xec\x98\xa4@\xed\x95\x9c.\xea\xb5\xad utf8|"},
	    {S("<\"\xec\x98\xa4 b\"@c>"), "\"\xec\x98\xa4 b\"@c utf8|"},
	    {S("<\xff@b>"), "SYNTAX"},
	    {S("<\xc0\x80@b>"), "SYNTAX"},
	    {S("<\xed\xa0\x80@b>"), "SYNTAX"},
	    {S("<a@\xec\x98>"), "SYNTAX"},
	    {S("<\"\xec\x98\"@b>"), "SYNTAX"},
	    /* control octets */
	    {S("<a\r\n@b>"), "CONTROL"},
	    {S("<a\0@b>"), "CONTROL"},
	    {S("<a@b\0>"), "CONTROL"},
	    {S("<a@b\n>"), "CONTROL"},
	    {S("<\"a\0b\"@c>"), "CONTROL"},
	    {S("<\"a\\\nb\"@c>"), "CONTROL"},
	    {S("<a\x7f@b>"), "CONTROL"},
	    {S("\t<a@b>"), "CONTROL"},
	    /* lengths */
	    {S("<" L64 "@b>"), L64 "@b|"},
	    {S("<" L64 "a@b>"), "LONG"},
	    {S("<\"" L63 " \"@b>"), "\"" L63 " \"@b|"},
	    {S("<\"" L63 "  \"@b>"), "LONG"},
	    {S("<a@" L63 ".b>"), "a@" L63 ".b|"},
	    {S("<a@" L63 "a.b>"), "SYNTAX"},
	    {S("<a@" L63 "." L63 "." L63 "."
	       "aaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>"),
	     "a@" L63 "." L63 "." L63
	     ".aaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|"},
	    {S("<a@" L63 "." L63 "." L63 "."
	       "aaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>"),
	     "LONG"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena mem = arena_new(1 << 16);
		str text = str_new(4096);
		span in = unit_copy(cases[i].in), rest = in;
		addr a;
		enum addr_error e = addr_path(&rest, true, &mem, &a);
		const char *got = told(e, &a, &text);
		if (e == ADDR_OK) {
			str_putc(&text, '|');
			str_put(&text, rest);
			got = str_cstr(&text);
		}
		CHECK(strcmp(got, cases[i].out) == 0, "path %.60s: %.80s", cases[i].in.p, got);
		free((char *)(uintptr_t)in.p);
		str_free(&text);
		arena_free(&mem);
	}
	arena mem = arena_new(1 << 16);
	addr a;
	span rest = S("<>");
	CHECK(addr_path(&rest, false, &mem, &a) == ADDR_SYNTAX, "no null address as a recipient");
}

static void mailboxes(void)
{
	static const struct {
		span in;
		const char *out;
	} cases[] = {
	    {S("a@b"), "a@b"},	       {S("root"), "root"},
	    {S("<>"), " null"},	       {S(""), "SYNTAX"},
	    {S("\"\""), "SYNTAX"},     {S("\"\"@b"), "\"\"@b"},
	    {S("<a@b>"), "SYNTAX"},    {S("a@b "), "SYNTAX"},
	    {S(" a@b"), "SYNTAX"},     {S("a@b\n"), "CONTROL"},
	    {S("a\nb"), "CONTROL"},    {S("@b"), "SYNTAX"},
	    {S("a@"), "SYNTAX"},       {S("-f@b"), "-f@b"},
	    {S("\"a b\""), "\"a b\""}, {S("\"a b\"@[192.0.2.1]"), "\"a b\"@[192.0.2.1] literal"},
	    {S("a,b@c"), "SYNTAX"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena mem = arena_new(1 << 16);
		str text = str_new(4096);
		span in = unit_copy(cases[i].in);
		addr a;
		const char *got = told(addr_mailbox(in, &mem, &a), &a, &text);
		CHECK(strcmp(got, cases[i].out) == 0, "mailbox %.60s: %.80s", cases[i].in.p, got);
		free((char *)(uintptr_t)in.p);
		str_free(&text);
		arena_free(&mem);
	}
	arena mem = arena_new(1 << 16), none = arena_new(0);
	addr a, b;
	addr_mailbox(S("a@EXAMPLE.test"), &mem, &a);
	addr_mailbox(S("\"a\"@example.TEST"), &mem, &b);
	CHECK(addr_eq(&a, &b), "domains without case, quotes do not count");
	addr_mailbox(S("A@example.test"), &mem, &b);
	CHECK(!addr_eq(&a, &b), "local parts exactly");
	CHECK(addr_mailbox(S("\"a b\"@c"), &none, &a) == ADDR_TOO_LONG,
	      "a full arena is no address");
	arena_free(&mem);
	arena_free(&none);
}

static void collect(void *arg, const addr *a, span name)
{
	str *to = arg;
	if (to->n)
		str_putc(to, ';');
	if (name.n) {
		str_put(to, name);
		str_putc(to, ':');
	}
	addr_write(a, to);
	if (a->null)
		str_put(to, S("null"));
}

static void lists(void)
{
	static const struct {
		span in;
		const char *out; /* "!" behind it: something could not be read */
	} cases[] = {
	    {S("a@b"), "a@b"},
	    {S(" a@b, c@d\r\n\t,e@f "), "a@b;c@d;e@f"},
	    {S("Kim <a@b>"), "Kim:a@b"},
	    {S("Kim Q. Lee <a@b>"), "Kim Q. Lee:a@b"},
	    {S("\"Lee, Kim\" <a@b>, c@d"), "\"Lee, Kim\":a@b;c@d"},
	    {S("\"<x@y>\" <a@b>"), "\"<x@y>\":a@b"},
	    {S("<a@b>"), "a@b"},
	    {S("<>"), "null"},
	    {S("a@b (Kim (deep \\) ) x), c@d"), "a@b;c@d"},
	    {S("(x) a (y) . (z) b @ (q) c . d (r)"), "a.b@c.d"},
	    {S("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"),
	     "Pete:pete@silly.test"},
	    {S("Friends: a@b, Kim <c@d>; , e@f"), "a@b;Kim:c@d;e@f"},
	    {S("undisclosed-recipients:;"), ""},
	    {S("Undisclosed recipients:"), ""},
	    {S("A Group(Some people):Chris Jones <c@(Chris's "
	       "host.)public.example>,joe@example.org;"),
	     "Chris Jones:c@public.example;joe@example.org"},
	    {S(",,a@b,,"), "a@b"},
	    {S(""), ""},
	    {S(" \r\n"), ""},
	    {S("<@x,@y:a@b>"), "a@b"},
	    {S("Kim <@x, , @y : a@b>"), "Kim:a@b"},
	    {S("=?utf-8?B?7Jik?= <a@b>"), "=?utf-8?B?7Jik?=:a@b"},
	    {S("=?utf-8?Q?Lee,_Kim?= <a@b>, =?x?q?<z@z>?= <c@d>"),
	     "=?utf-8?Q?Lee,_Kim?=:a@b;=?x?q?<z@z>?=:c@d"},
	    {S("\"a b\"@c"), "\"a b\"@c"},
	    {S("\"a\\\"b\"@c"), "\"a\\\"b\"@c"},
	    {S("root"), "root"},
	    {S("root, a@b"), "root;a@b"},
	    {S("Kim Lee, a@b"), "a@b!"},
	    {S("a@b c@d, e@f"), "e@f!"},
	    {S("a@, c@d"), "c@d!"},
	    {S("@a, c@d"), "c@d!"},
	    {S("<a@b, c@d"), "c@d!"},
	    {S("<a@b> x, c@d"), "c@d!"},
	    {S("a@[192.0.2.1], b@[x]"), "a@[192.0.2.1]!"},
	    {S("a@b (open, c@d"), "a@b!"},
	    {S("\"open, c@d"), "!"},
	    {S("\xff\xfe <a@b>"), "\xff\xfe:a@b"},
	    {S("\xff@b, c@d"), "c@d!"},
	    {S("a\0b@c, d@e"), "d@e!"},
	    {S("a@b\0, d@e"), "d@e!"},
	    {S(L64 "a@b, c@d"), "c@d!"},
	    {S(">, a@b"), "a@b!"},
	    {S("a@b;c@d"), "a@b;c@d"},
	    /* RFC 5322, A.1.2, A.1.3, A.5, A.6.1, A.6.3; RFC 6854 */
	    {S("\"Joe Q. Public\" <john.q.public@example.com>"),
	     "\"Joe Q. Public\":john.q.public@example.com"},
	    {S("Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>"),
	     "Mary Smith:mary@x.test;jdoe@example.org;Who?:one@y.test"},
	    {S("<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>"),
	     "boss@nil.test;\"Giant; \\\"Big\\\" Box\":sysservices@example.net"},
	    {S("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;"),
	     "Ed Jones:c@a.test;joe@where.test;John:jdoe@one.test"},
	    {S("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;"), ""},
	    {S("Joe Q. Public <john.q.public@example.com>"),
	     "Joe Q. Public:john.q.public@example.com"},
	    {S("Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example"),
	     "Mary Smith:mary@example.net;jdoe@test.example"},
	    {S("John Doe <jdoe@machine(comment).  example>"), "John Doe:jdoe@machine.example"},
	    {S("Nightly Monitor Robot:;, a@b"), "a@b"},
	    {S("a@b, x: c@d, y: e@f;;, g@h"), "a@b;c@d;e@f;g@h"},
	    {S("<@[192.0.2.1]:a@b>"), "a@b"},
	    {S("<@x:a@b> (c)"), "a@b"},
	    {S("<@x:>, c@d"), "c@d!"},
	    {S("a@[IPv6:2001:db8::1]"), "a@[IPv6:2001:db8::1]"},
	    {S("x <a@[192.0.2.1]>"), "x:a@[192.0.2.1]"},
	    {S("a@[192.0.2.1, c@d"), "!"},
	    {S("\"\" <a@b>"), "\"\":a@b"},
	    {S("a . b @ c . d"), "a.b@c.d"},
	    {S("\"a\".b@c"), "a.b@c"},
	    {S("\"a b\".c@d"), "\"a b.c\"@d"},
	    {S("Kim\r\n <a\r\n @b>"), "Kim:a@b"},
	    {S("\xec\x98\xa4 <\xec\x98\xa4@\xed\x95\x9c.\xea\xb5\xad>"),
	     "\xec\x98\xa4:\xec\x98\xa4@\xed\x95\x9c.\xea\xb5\xad"},
	    {S("<a@b>, <c@d>,"), "a@b;c@d"},
	    {S("a@b.c."), "!"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena mem = arena_new(1 << 16);
		str text = str_new(4096);
		span in = unit_copy(cases[i].in);
		if (!addr_list(in, &mem, 100, collect, &text))
			str_putc(&text, '!');
		CHECK(strcmp(str_cstr(&text), cases[i].out) == 0, "list %.60s: %s", cases[i].in.p,
		      str_cstr(&text));
		free((char *)(uintptr_t)in.p);
		str_free(&text);
		arena_free(&mem);
	}
	arena mem = arena_new(1 << 16);
	str text = str_new(4096);
	CHECK(!addr_list(S("a@b,c@d,e@f"), &mem, 2, collect, &text), "more than max is told");
	CHECK(strcmp(str_cstr(&text), "a@b;c@d") == 0, "the first ones are given");
	str_free(&text);
	arena_free(&mem);
}

/* Inputs that a quadratic or recursive reader would not survive. */
static void hostile(void)
{
	enum { N = 1 << 20 };
	static const char *const units[] = {"(", "\"", "<",  ",",   "a ", "=?", ":",
					    "@", "<@", "\\", "(\\", "a,", "[",	"(("};
	char *p = malloc(N);
	for (size_t u = 0; p && u < sizeof units / sizeof *units; u++) {
		arena mem = arena_new(1 << 16);
		str text = str_new(1 << 22);
		size_t n = strlen(units[u]);
		for (size_t i = 0; i < N; i++)
			p[i] = units[u][i % n];
		(void)addr_list(span_of(p, N), &mem, 1000, collect, &text);
		CHECK(mem.used <= mem.max, "a megabyte of %s", units[u]);
		str_free(&text);
		arena_free(&mem);
	}
	free(p);
}

static void utf8(void)
{
	static const struct {
		span in;
		size_t n;
	} cases[] = {
	    {S(""), 0},
	    {S("a"), 1},
	    {S("\0"), 1},
	    {S("\xc3\xa9"), 2},
	    {S("\xc3"), 0},
	    {S("\xc1\x81"), 0},
	    {S("\xec\x98\xa4"), 3},
	    {S("\xe0\x9f\xbf"), 0},
	    {S("\xed\x9f\xbf"), 3},
	    {S("\xed\xa0\x80"), 0},
	    {S("\xf0\x90\x80\x80"), 4},
	    {S("\xf0\x8f\xbf\xbf"), 0},
	    {S("\xf4\x8f\xbf\xbf"), 4},
	    {S("\xf4\x90\x80\x80"), 0},
	    {S("\xf5\x80\x80\x80"), 0},
	    {S("\x80"), 0},
	    {S("\xf0\x90\x80"), 0},
	    {S("\xec\x98x"), 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK(utf8_char(cases[i].in) == cases[i].n, "utf8 case %zu", i);
}

int main(void)
{
	paths();
	mailboxes();
	lists();
	hostile();
	utf8();
	return unit_done();
}
