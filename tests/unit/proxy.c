/* links: net io base */
#include "net/proxy.h"

#include "tests/unit/unit.h"

#define V2(command, family, length) "\r\n\r\n\0\r\nQUIT\n" command family length

static void cases(void)
{
	static const struct {
		const char *name;
		span in;
		enum proxy_result result;
		size_t used;
		const char *remote;
	} table[] = {
	    {"v1 tcp4",
	     {"PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\nEHLO", 41},
	     PROXY_OK,
	     37,
	     "192.0.2.1"},
	    {"v1 tcp6", {"PROXY TCP6 2001:db8::1 ::1 1 25\r\n", 33}, PROXY_OK, 33, "2001:db8::1"},
	    {"v1 unknown", {"PROXY UNKNOWN\r\n", 15}, PROXY_OK, 15, "kept"},
	    {"v1 unknown with more", {"PROXY UNKNOWN a b c\r\n", 21}, PROXY_OK, 21, "kept"},
	    {"v1 no CR", {"PROXY UNKNOWN\n", 14}, PROXY_BAD, 0, "kept"},
	    {"v1 short", {"PROXY TCP4 192.0.2.1", 20}, PROXY_MORE, 0, "kept"},
	    {"v1 two blanks",
	     {"PROXY  TCP4 192.0.2.1 192.0.2.2 1 25\r\n", 38},
	     PROXY_BAD,
	     0,
	     "kept"},
	    {"v1 port", {"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n", 40}, PROXY_BAD, 0, "kept"},
	    {"v1 families", {"PROXY TCP4 ::1 ::1 1 2\r\n", 24}, PROXY_BAD, 0, "kept"},
	    {"v1 a word more",
	     {"PROXY TCP4 192.0.2.1 192.0.2.2 1 25 9\r\n", 39},
	     PROXY_BAD,
	     0,
	     "kept"},
	    {"v2 tcp4",
	     {V2("\x21", "\x11", "\x00\x0c") "\xc0\x00\x02\x08\xc0\x00\x02\x09\x00\x01\x00\x19",
	      28},
	     PROXY_OK,
	     28,
	     "192.0.2.8"},
	    {"v2 with a TLV",
	     {V2("\x21", "\x11",
		 "\x00\x0f") "\xc0\x00\x02\x08\xc0\x00\x02\x09\x00\x01\x00\x19\x04\x00\x00",
	      31},
	     PROXY_OK,
	     31,
	     "192.0.2.8"},
	    {"v2 local", {V2("\x20", "\x00", "\x00\x00") "x", 17}, PROXY_OK, 16, "kept"},
	    {"v2 short address", {V2("\x21", "\x11", "\x00\x04") "abcd", 20}, PROXY_BAD, 0, "kept"},
	    {"v2 tcp6 with a v4 length",
	     {V2("\x21", "\x21", "\x00\x0c") "abcdabcdabcd", 28},
	     PROXY_BAD,
	     0,
	     "kept"},
	    {"v2 unix", {V2("\x21", "\x31", "\x00\x00"), 16}, PROXY_BAD, 0, "kept"},
	    {"v2 version 1", {V2("\x11", "\x11", "\x00\x00"), 16}, PROXY_BAD, 0, "kept"},
	    {"v2 too long", {V2("\x21", "\x11", "\xff\xff"), 16}, PROXY_BAD, 0, "kept"},
	    {"v2 not all there", {V2("\x21", "\x11", "\x00\x0c"), 16}, PROXY_MORE, 0, "kept"},
	    {"half a signature", {"\r\n\r\n", 4}, PROXY_MORE, 0, "kept"},
	    {"nothing", {"", 0}, PROXY_MORE, 0, "kept"},
	    {"smtp", {"EHLO x\r\n", 8}, PROXY_BAD, 0, "kept"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		span in = unit_copy(table[i].in);
		peer p = {.remote_ip = "kept"};
		size_t used = 0;
		enum proxy_result r = proxy_parse(in, &p, &used);
		CHECK(r == table[i].result, "%s: result", table[i].name);
		CHECK(r != PROXY_OK || used == table[i].used, "%s: used", table[i].name);
		CHECK(strcmp(p.remote_ip, table[i].remote) == 0, "%s: peer", table[i].name);
		free((char *)(uintptr_t)in.p);
	}
}

static void endless_v1(void)
{
	char line[200];
	peer p = {.remote_ip = "kept"};
	size_t used;
	memset(line, 'x', sizeof line);
	memcpy(line, "PROXY ", 6);
	CHECK(proxy_parse(span_of(line, 106), &p, &used) == PROXY_MORE, "106 octets may go on");
	CHECK(proxy_parse(span_of(line, 107), &p, &used) == PROXY_BAD, "107 without a line end");
}

int main(void)
{
	cases();
	endless_v1();
	return unit_done();
}
