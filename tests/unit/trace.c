/* links: mail base */
#include "mail/trace.h"

#include "mail/header.h"
#include "tests/unit/unit.h"

static void received(void)
{
	static const struct {
		span helo, host, ip;
		const char *rcpt;
		const char *text;
	} cases[] = {
	    {S("client.test"), S("host.test"), S("192.0.2.1"), "kim@example.test",
	     "Received: from client.test (host.test [192.0.2.1])\n\tby mail.example.test with "
	     "ESMTP id "
	     "0ABC\n\tfor <kim@example.test>; Tue, 24 Nov 2026 05:00:00 +0900\n"},
	    {S("client.test"), S(""), S("2001:db8::1"), NULL,
	     "Received: from client.test ([IPv6:2001:db8::1])\n\tby mail.example.test with ESMTP "
	     "id 0ABC;\n"
	     "\tTue, 24 Nov 2026 05:00:00 +0900\n"},
	    {S(""), S(""), S(""), NULL,
	     "Received: by mail.example.test with ESMTP id 0ABC;\n\tTue, 24 Nov 2026 05:00:00 "
	     "+0900\n"},
	    {S(""), S(""), S("192.0.2.1"), NULL,
	     "Received: from unknown ([192.0.2.1])\n\tby mail.example.test with ESMTP id "
	     "0ABC;\n\tTue, 24 Nov "
	     "2026 05:00:00 +0900\n"},
	    {S("a (b\r\nX: y"), S("h\0;"), S("1)"), "\"a b\"@c",
	     "Received: from a??b??X:?y (h?? [1?])\n\tby mail.example.test with ESMTP id "
	     "0ABC\n\tfor <\"a "
	     "b\"@c>; Tue, 24 Nov 2026 05:00:00 +0900\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena mem = arena_new(4096);
		str text = str_new(TRACE_MAX);
		addr rcpt;
		trace t = {.helo = cases[i].helo,
			   .remote_host = cases[i].host,
			   .remote_ip = cases[i].ip,
			   .me = S("mail.example.test"),
			   .proto = S("ESMTP"),
			   .id = S("0ABC"),
			   .epoch = 1795464000,
			   .zone = 540};
		if (cases[i].rcpt && addr_mailbox(span_str(cases[i].rcpt), &mem, &rcpt) == ADDR_OK)
			t.rcpt = &rcpt;
		trace_received(&t, &text);
		CHECK(strcmp(str_cstr(&text), cases[i].text) == 0, "received %zu: %s", i,
		      str_cstr(&text));
		str_free(&text);
		arena_free(&mem);
	}
}

/* Whatever comes in, one field comes out, no line over 78 columns but for a word that is longer
 * alone. */
static void hostile(void)
{
	char junk[3000];
	for (unsigned seed = 0; seed < 200; seed++) {
		unsigned x = seed * 2654435761u + 1;
		for (size_t i = 0; i < sizeof junk; i++)
			junk[i] = (char)((x = x * 1103515245u + 12345u) >> 16);
		span all = span_of(junk, sizeof junk), rest;
		header_field f;
		str text = str_new(TRACE_MAX);
		addr rcpt = {.local = span_sub(all, 0, seed), .domain = span_sub(all, 7, seed)};
		trace t = {.helo = all,
			   .remote_host = all,
			   .remote_ip = all,
			   .me = all,
			   .proto = all,
			   .id = all,
			   .rcpt = &rcpt};
		trace_received(&t, &text);
		rest = str_span(&text);
		CHECK(!text.over && header_next(&rest, &f) == HEADER_FIELD && rest.n == 0 &&
			  span_eq(f.name, S("Received")),
		      "one field, seed %u", seed);
		str_clear(&text);
		trace_message_id(all, all, &text);
		CHECK(span_starts(str_span(&text), S("<")) &&
			  span_find(str_span(&text), '>') == text.n - 1,
		      "a Message-ID, seed %u", seed);
		str_free(&text);
	}
}

int main(void)
{
	received();
	hostile();
	return unit_done();
}
