/* links: net io base : idn2 */
#include "net/mx.h"

#include "tests/unit/unit.h"

static bool add(mx_list *l, span rdata, uint32_t tie)
{
	span copy = unit_copy(rdata);
	bool ok = mx_add(l, copy, tie);
	free((char *)(uintptr_t)copy.p);
	return ok;
}

static void records(void)
{
	static const struct {
		span rdata;
		bool ok;
		const char *what, *name;
	} cases[] = {
	    {S("\0\012\2mx\4test\0"), true, "a record", "mx.test"},
	    {S("\0\012\2MX\4Test\0"), true, "lower case", "mx.test"},
	    {S("\0\012\2mx\4test"), false, "no root label", ""},
	    {S("\0\012\2mx\4tes"), false, "label cut", ""},
	    {S("\0\012\2mx\4test\0x"), false, "octets behind it", ""},
	    {S("\0\012\2mx\300\014"), false, "compression", ""},
	    {S("\0\012\4m.x.\4test\0"), false, "a dot inside a label", ""},
	    {S("\0\012\2m \4test\0"), false, "a blank", ""},
	    {S("\0\012"), false, "no name", ""},
	    {S("\0"), false, "one octet", ""},
	    {S(""), false, "nothing", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		mx_list l = {.count = 0};
		bool ok = add(&l, cases[i].rdata, 0);
		CHECK(ok == cases[i].ok && l.count == ok, "mx data: %s", cases[i].what);
		CHECK(!ok || (strcmp(l.hosts[0].name, cases[i].name) == 0 &&
			      l.hosts[0].preference == 10),
		      "its host and preference");
	}
}

static void order(void)
{
	mx_list l = {.count = 0};
	add(&l, S("\0\036\1c\1t\0"), 1);
	add(&l, S("\0\024\1b\1t\0"), 9);
	add(&l, S("\0\024\1d\1t\0"), 3);
	add(&l, S("\0\012\1a\1t\0"), 5);
	mx_sort(&l);
	CHECK(l.count == 4 && l.hosts[0].name[0] == 'a' && l.hosts[1].name[0] == 'd' &&
		  l.hosts[2].name[0] == 'b' && l.hosts[3].name[0] == 'c',
	      "by preference, equals by the tie");
	mx_list own = l;
	CHECK(mx_drop_own(&own, S("D.t")) && own.count == 1, "own host and its equals are dropped");
	own = l;
	CHECK(mx_drop_own(&own, S("c.t")) && own.count == 3, "own host last");
	own = l;
	CHECK(!mx_drop_own(&own, S("a.t")), "own host first: a loop");
	own = l;
	CHECK(mx_drop_own(&own, S("x.t")) && own.count == 4, "own host not there");
	add(&l, S("\0\001\1c\1t\0"), 0);
	CHECK(l.count == 4, "one host twice is one");
}

static void null_mx(void)
{
	mx_list l = {.count = 0};
	add(&l, S("\0\0\0"), 0);
	CHECK(mx_is_null(&l), "the root alone");
	add(&l, S("\0\012\1a\1t\0"), 5);
	CHECK(!mx_is_null(&l) && l.count == 1, "the root beside a host means nothing");
}

static void many(void)
{
	mx_list l = {.count = 0};
	for (unsigned i = 0; i < 300; i++) {
		char data[] = {
		    (char)((300 - i) >> 8),    (char)(300 - i),	     4, 'h', (char)('a' + i / 100),
		    (char)('0' + i / 10 % 10), (char)('0' + i % 10), 1, 't', 0};
		add(&l, span_of(data, sizeof data), i);
	}
	mx_sort(&l);
	CHECK(l.count == MX_MAX && l.hosts[0].preference == 1 &&
		  l.hosts[MX_MAX - 1].preference == MX_MAX,
	      "of too many the best are kept");
}

static void names(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"Example.Test", "example.test"},
	    {"example.test.", "example.test"},
	    {"a_b.test", "a_b.test"},
	    {"xn--bcher-kva.example", "xn--bcher-kva.example"},
	    {"b\xc3\xbc"
	     "cher.example",
	     "xn--bcher-kva.example"},
	    {"\xed\x95\x9c\xea\xb5\xad.kr", "xn--3e0b707e.kr"},
	    {"", ""},
	    {".", ""},
	    {"a..b", ""},
	    {".a", ""},
	    {"a b", ""},
	    {"-a.test", ""},
	    {"a-.test", ""},
	    {"\xff\xfe.test", ""},
	    {"a\x01.test", ""},
	};
	char to[NET_NAME_ROOM], label[70];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].in));
		bool ok = idn_to_ascii(in, to);
		CHECK(ok == (cases[i].out[0] != 0) && (!ok || strcmp(to, cases[i].out) == 0),
		      "name %zu", i);
		free((char *)(uintptr_t)in.p);
	}
	memset(label, 'a', sizeof label);
	CHECK(idn_to_ascii(span_of(label, 63), to) && !idn_to_ascii(span_of(label, 64), to),
	      "a label has 63 octets");
}

int main(void)
{
	records();
	order();
	null_mx();
	many();
	names();
	return unit_done();
}
