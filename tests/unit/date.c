/* links: mail base */
#include "mail/date.h"

#include "tests/unit/unit.h"

static void writing(void)
{
	static const struct {
		int64_t epoch;
		int zone;
		const char *text;
	} cases[] = {
	    {0, 0, "Thu, 1 Jan 1970 00:00:00 +0000"},
	    {1795464000, 540, "Tue, 24 Nov 2026 05:00:00 +0900"},
	    {1795464000, -210, "Mon, 23 Nov 2026 16:30:00 -0330"},
	    {951782400, 0, "Tue, 29 Feb 2000 00:00:00 +0000"},
	    {-1, 0, "Wed, 31 Dec 1969 23:59:59 +0000"},
	    {4102444799, 0, "Thu, 31 Dec 2099 23:59:59 +0000"},
	};
	char text[DATE_ROOM];
	int64_t back;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		date_write(cases[i].epoch, cases[i].zone, text);
		CHECK(strcmp(text, cases[i].text) == 0, "write %s: %s", cases[i].text, text);
		CHECK(date_parse(span_str(text), &back) && back == cases[i].epoch, "and back %s",
		      text);
	}
	for (int64_t e = -62000000000; e < 253402300799; e += 86399 * 997) {
		date_write(e, (int)(e % 1440), text);
		if (!date_parse(span_str(text), &back) || back != e) {
			CHECK(false, "round trip of %lld: %s", (long long)e, text);
			return;
		}
	}
	date_write(INT64_MAX, 99999, text);
	CHECK(date_parse(span_str(text), &back), "the largest is clamped: %s", text);
	date_write(INT64_MIN, -99999, text);
	CHECK(date_parse(span_str(text), &back), "the smallest is clamped: %s", text);
}

static void parsing(void)
{
	static const struct {
		const char *text;
		int64_t epoch; /* -1: unreadable */
	} cases[] = {
	    {"Tue, 24 Nov 2026 05:00:00 +0900", 1795464000},
	    {"24 Nov 2026 05:00:00 +0900", 1795464000},
	    {" Tue ,\r\n 24 (day) Nov\t2026 05 : 00 : 00 (noon (no\\)) ) +0900 (KST)", 1795464000},
	    {"Tue 24 nov 2026 05:00:00 +0900", 1795464000},
	    {"Tuesday, 24 November 2026 05:00:00 +0900", 1795464000},
	    {"24 Nov 2026 05:00 +0900", 1795464000},
	    {"23 Nov 26 20:00:00 GMT", 1795464000},
	    {"23 Nov 26 20:00:00 UT", 1795464000},
	    {"23 Nov 2026 20:00:00 Z", 1795464000},
	    {"23 Nov 126 20:00:00 -0000", 1795464000},
	    {"23 Nov 2026 15:00:00 EST", 1795464000},
	    {"23 Nov 2026 12:00:00 PST", 1795464000},
	    {"23 Nov 2026 16:00:00 edt", 1795464000},
	    {"23 Nov 2026 20:00:00 A", 1795464000},
	    {"23 Nov 2026 20:00:00 XYZ", 1795464000},
	    {"23 Nov 2026 20:00:00", 1795464000},
	    {"1 Jan 50 00:00:00 GMT", -631152000},
	    {"1 Jan 49 00:00:00 GMT", 2493072000},
	    {"31 Dec 1998 23:59:60 GMT", 915148800},
	    {"29 Feb 2000 00:00:00 GMT", 951782400},
	    /* RFC 5322, 4.3 and its examples in A.5 and A.6 */
	    {"11 Feb 98 11:51 CST", 887219460},
	    {"11 Feb 98 17:51", 887219460},
	    {"Wed, 11 Feb 98 11:51 CST", 887219460},
	    {"11 Feb 098 17:51 GMT", 887219460},
	    {"21 Nov 97 09:55:06 GMT", 880106106},
	    {"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               "
	     "-0330 "
	     "(Newfoundland Time)",
	     -27723480},
	    {"Thu (a) , (b) 13 (c(d)) Feb 1969 23:32 -0330", -27723480},
	    {"Thu,13 Feb 1969 23:32:00-0330", -27723480},
	    {"23 Nov 2026 20:00:00 est", 1795464000 + 5 * 3600},
	    {"23 Nov 2026 20:00:00 CDT", 1795464000 + 5 * 3600},
	    {"23 Nov 2026 20:00:00 CST", 1795464000 + 6 * 3600},
	    {"23 Nov 2026 20:00:00 MDT", 1795464000 + 6 * 3600},
	    {"23 Nov 2026 20:00:00 MST", 1795464000 + 7 * 3600},
	    {"23 Nov 2026 20:00:00 PDT", 1795464000 + 7 * 3600},
	    {"23 Nov 2026 20:00:00 y", 1795464000},
	    {"23 Nov 2026 20:00:00 J", 1795464000},
	    {"31 Dec 1969 23:59:60 +0000", 0},
	    {"01 Jan 00 00:00:00 +0000", 946684800},
	    {"1 Jan 100 00:00:00 +0000", 946684800},
	    /* no standard, but met */
	    {"24 Nov 2026 05:00:00 KST", 1795464000},
	    {"Tue, 24 Nov 2026 05:00:00 JST", 1795464000},
	    {"23 Nov 2026 21:00:00 CET", 1795464000},
	    {"23 Nov 2026 22:00:00 CEST", 1795464000},
	    {"24-Nov-2026 05:00:00 +0900", 1795464000},
	    {"24 Nov 2026 05:00:00 +09:00", 1795464000},
	    {"24 Nov 2026 05:00:00 +9", 1795464000},
	    {"24 Nov 2026 05:00:00 GMT+0900", 1795464000},
	    {"Tue Nov 24 05:00:00 KST 2026", 1795464000},
	    {"Mon Nov 23 20:00:00 2026", 1795464000},
	    {"Tue Nov 24 05:00:00 2026 +0900", 1795464000},
	    {"Tue Nov 24 2026 05:00:00 GMT+0900 (KST)", 1795464000},
	    {"Nov 24, 2026 5:00 +0900", 1795464000},
	    {"Tue Nov 24 05:00:00", -1},
	    {"Tue Nov 05:00:00 2026", -1},
	    {"Tue Foo 24 05:00:00 2026", -1},
	    {"Tue, Nov", -1},
	    {"24 Nov 2026 05:00:00 +", -1},
	    {"24 Nov 2026 05:00:00 +09:", -1},
	    {"24 Nov 2026 05:00:00 +09:5", -1},
	    {"2026-11-24T05:00:00Z", -1},
	    {"29 Feb 1900 00:00:00 GMT", -1},
	    {"29 Feb 2026 00:00:00 GMT", -1},
	    {"0 Nov 2026 00:00:00 GMT", -1},
	    {"31 Nov 2026 00:00:00 GMT", -1},
	    {"24 Foo 2026 00:00:00 GMT", -1},
	    {"24 Nov 2026 24:00:00 GMT", -1},
	    {"24 Nov 2026 00:60:00 GMT", -1},
	    {"24 Nov 2026 00:00:61 GMT", -1},
	    {"24 Nov 2026 00:00:00 +09000", -1},
	    {"24 Nov 2026 00:00:00 +0960", -1},
	    {"24 Nov 2026 00:00:00 GMT x", -1},
	    {"24 Nov 20266 00:00:00 GMT", -1},
	    {"124 Nov 2026 00:00:00 GMT", -1},
	    {"Foo, 24 Nov 2026 00:00:00 GMT", -1},
	    {"24 Nov 0000 00:00:00 GMT", -1},
	    {"", -1},
	    {"(", -1},
	    {"24", -1},
	    {"24 Nov", -1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].text));
		int64_t epoch = -1;
		bool ok = date_parse(in, &epoch);
		CHECK(epoch == cases[i].epoch && ok == (epoch != -1), "parse \"%s\": %lld",
		      cases[i].text, (long long)epoch);
		free((char *)(uintptr_t)in.p);
	}
}

/* RFC 3339. */
static void stamps(void)
{
	static const struct {
		const char *text;
		int64_t epoch; /* -1: none */
	} cases[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"2026-11-24T05:00:00Z", 1795496400},
	    {"2026-11-24t14:00:00+09:00", 1795496400},
	    {"2026-11-24T05:00:00.123z", 1795496400},
	    {"2024-02-29T00:00:00Z", 1709164800},
	    {"2026-02-29T00:00:00Z", -1},
	    {"2026-13-01T00:00:00Z", -1},
	    {"2026-11-24T24:00:00Z", -1},
	    {"2026-11-24T05:00:00", -1},
	    {"2026-11-24 05:00:00Z", -1},
	    {"2026-11-24T05:00:00+0900", -1},
	    {"2026-11-24T05:00:00ZZ", -1},
	    {"0000-01-01T00:00:00Z", -1},
	    {"", -1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span in = unit_copy(span_str(cases[i].text));
		int64_t epoch = -1, again = -1;
		char text[DATE_ROOM];
		bool ok = date_stamp_parse(in, &epoch);
		date_stamp_write(epoch, text);
		CHECK(epoch == cases[i].epoch && ok == (epoch != -1) &&
			  (!ok || (date_stamp_parse(span_str(text), &again) && again == epoch)),
		      "stamp \"%s\": %lld, %s", cases[i].text, (long long)epoch, text);
		free((char *)(uintptr_t)in.p);
	}
}

int main(void)
{
	writing();
	parsing();
	stamps();
	return unit_done();
}
