/* links: queue mail io base : z */
#include "queue/top.h"

#include "tests/unit/unit.h"

static void add(top *t, const char *destination, const char *reason, int64_t age)
{
	/* exact size, no NUL behind it */
	span d = unit_copy(span_str(destination)), r = unit_copy(span_str(reason));
	top_add(t, d, r, age);
	free((char *)(uintptr_t)d.p);
	free((char *)(uintptr_t)r.p);
}

static void grouping(void)
{
	top t = top_new();
	top_sort(&t);
	CHECK(t.count == 0, "nothing is nothing");
	add(&t, "a.test", "450 busy", 10);
	add(&t, "B.test", "connect to 192.0.2.1: timed out", 299);
	add(&t, "b.TEST", "connect to 192.0.2.77: timed out", 300);
	add(&t, "b.test", "450 busy", 3 * 86400);
	add(&t, "b.test", "450 busy", -5);
	add(&t, "c.test", "", 0);
	top_sort(&t);
	CHECK(t.count == 4, "%zu rows", t.count);
	const top_row *r = t.rows;
	CHECK(strcmp(r[0].destination, "b.test") == 0 && r[0].of_destination == 4,
	      "the most first");
	CHECK(strcmp(r[0].reason, "450 busy") == 0 && r[0].count == 2, "equal counts by name");
	CHECK(r[0].ages[0] == 1 && r[0].ages[TOP_AGES - 1] == 1 && r[0].oldest == 3 * 86400,
	      "a clock that went back is age 0");
	CHECK(strcmp(r[1].reason, "connect to 192.0.2.1: timed out") == 0 && r[1].count == 2 &&
		  r[1].ages[0] == 1 && r[1].ages[1] == 1,
	      "numbers do not part reasons");
	CHECK(strcmp(r[2].destination, "a.test") == 0 && strcmp(r[3].destination, "c.test") == 0,
	      "then by name");
	top_free(&t);
}

static void many(void)
{
	top t = top_new();
	char name[64];
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 5000; i++) {
			(void)snprintf(name, sizeof name, "d%d.test", i);
			top_add(&t, span_str(name), S("x"), i);
		}
	top_sort(&t);
	CHECK(t.count == 5000, "destinations with numbers are not one");
	bool all = true;
	for (size_t i = 0; i < t.count; i++)
		all = all && t.rows[i].count == 2;
	CHECK(all, "each is found again");
	top_free(&t);
}

static void odd(void)
{
	top t = top_new();
	char large[3000];
	memset(large, '7', sizeof large);
	top_add(&t, span_of(large, sizeof large), span_of(large, sizeof large), INT64_MAX);
	CHECK(t.count == 1 && strlen(t.rows[0].reason) == TOP_REASON_MAX, "what is long is cut");
	memset(large, 'x', sizeof large);
	top_add(&t, span_of(large, sizeof large), span_of(large, sizeof large), 0);
	top_add(&t, span_of("a\0b", 3), span_of("\0", 1), 0);
	top_add(&t, span_of("a\0b", 3), span_of("\0", 1), 0);
	top_sort(&t);
	CHECK(t.count == 3, "NULs are no end: %zu", t.count);
	top_free(&t);
}

int main(void)
{
	grouping();
	many();
	odd();
	return unit_done();
}
