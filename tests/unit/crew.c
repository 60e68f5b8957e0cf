/* links: io base : z */
#include "io/crew.h"

#include <sched.h>
#include <unistd.h>

#include "io/clock.h"
#include "tests/unit/unit.h"

enum { COUNT = 5000, PATIENCE_MS = 20000 };

typedef struct job {
	crew_ahead ahead;
	bool lazy; /* never comes to an end */
} job;

static void glance(void *arg, size_t from, size_t to)
{
	job *j = arg;
	for (size_t i = from; i < to; i++) {
		unsigned char *mark = crew_ahead_mark(&j->ahead, i);
		if (mark)
			*mark = (unsigned char)(1 + i % 7);
		while (j->lazy && i + 1 == to)
			(void)pause();
	}
}

/* Marks stand from 0 on: how many. */
static size_t marked(const crew_ahead *a)
{
	size_t n = 0;
	const unsigned char *mark;
	while ((mark = crew_ahead_mark(a, n)) && *mark == 1 + n % 7)
		n++;
	return n;
}

static size_t wait_for(const crew_ahead *a, size_t count)
{
	int64_t end = clock_ms() + PATIENCE_MS;
	while (marked(a) < count && clock_ms() < end)
		(void)sched_yield();
	return marked(a);
}

static void ahead(bool lazy)
{
	job j = {.lazy = lazy};
	crew_ahead_open(&j.ahead, COUNT, glance, &j);
	if (!j.ahead.members) {
		CHECK(!crew_ahead_mark(&j.ahead, 0), "one processor: nobody works ahead");
		return;
	}
	crew_ahead_grown(&j.ahead, 10);
	CHECK(j.ahead.given == 0, "not for a few");
	crew_ahead_grown(&j.ahead, 1000);
	CHECK(j.ahead.given == 1000, "given");
	CHECK(wait_for(&j.ahead, 1000) == 1000, "marked by another process");
	crew_ahead_grown(&j.ahead, 900);
	CHECK(j.ahead.given == 1000, "a list that got shorter");
	crew_ahead_end(&j.ahead);
	crew_ahead_grown(&j.ahead, COUNT);
	CHECK(marked(&j.ahead) == 1000, "the marks stay, nobody makes more of them");
	CHECK(!crew_ahead_mark(&j.ahead, COUNT), "behind the last");
	crew_ahead_free(&j.ahead);
}

/* More entries than marks, of which a member tells nothing. */
static void room(void)
{
	job j = {0};
	crew_ahead_open(&j.ahead, 100, glance, &j);
	crew_ahead_grown(&j.ahead, COUNT);
	size_t want = j.ahead.members ? 100 : 0;
	CHECK(wait_for(&j.ahead, want) == want, "as many as there is room for");
	crew_ahead_free(&j.ahead);
}

int main(void)
{
	ahead(false);
	ahead(true);
	room();
	return unit_done();
}
