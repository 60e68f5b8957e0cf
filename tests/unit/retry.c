/* links: queue mail io base : z */
#include "queue/retry.h"

#include <sys/stat.h>

#include "tests/unit/unit.h"

static void steps(void)
{
	static const struct {
		int64_t first, largest;
		unsigned growth;
		size_t attempts;
		int64_t step; /* before the jitter of up to 24 % */
	} cases[] = {
	    {300, 14400, 200, 1, 300},
	    {300, 14400, 200, 2, 600},
	    {300, 14400, 200, 6, 9600},
	    {300, 14400, 200, 7, 14400},
	    {300, 14400, 200, 10000000, 14400},
	    {300, 14400, 100, 50, 300},
	    {60, 3600, 150, 2, 90},
	    {1, 10, 101, 100000000, 1},
	    {9000, 100, 200, 1, 100},
	    {300, 14400, 200, 0, 300},
	};
	static const char *const ids[] = {"", "0", "01ARZ3NDEKTSV4RRFFQ69G5F",
					  "ZZZZZZZZZZZZZZZZZZZZZZZZ"};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t j = 0; j < sizeof ids / sizeof *ids; j++) {
			retry_clock c = retry_default();
			c.first = cases[i].first;
			c.largest = cases[i].largest;
			c.growth = cases[i].growth;
			int64_t t =
			    retry_next(&c, span_str(ids[j]), cases[i].attempts, 1000) - 1000;
			CHECK(t >= 1 && t <= cases[i].step && t >= cases[i].step * 76 / 100 - 1,
			      "step %zu of \"%s\" is %lld", i, ids[j], (long long)t);
		}
}

static void growing(void)
{
	retry_clock c = retry_default();
	int64_t before = 0;
	for (size_t n = 1; n <= 7; n++) {
		int64_t t = retry_next(&c, S("01ARZ3NDEKTSV4RRFFQ69G5F"), n, 0);
		CHECK(t > before, "attempt %zu waits longer: %lld", n, (long long)t);
		before = t;
	}
	int64_t least = INT64_MAX, most = 0;
	for (int i = 0; i < 100; i++) {
		char id[25];
		(void)snprintf(id, sizeof id, "%024d", i);
		int64_t t = retry_next(&c, span_str(id), 1, 0);
		least = t < least ? t : least;
		most = t > most ? t : most;
	}
	CHECK(most - least > 30, "IDs spread: %lld to %lld", (long long)least, (long long)most);
}

static void giving_up(void)
{
	enum { T0 = 1700000000, DAY = 86400 };
	static const struct {
		int64_t now;
		size_t attempts;
		bool up;
		const char *what;
	} cases[] = {
	    {T0, 1, false, "at once"},
	    {T0 + 5 * DAY, 9, false, "old, too few attempts"},
	    {T0 + 5 * DAY - 1, 10, false, "attempts, too young"},
	    {T0 + 5 * DAY, 10, true, "both"},
	    {T0 + 400 * DAY, 1, false, "a clock that jumped a year"},
	    {T0 - 400 * DAY, 1000, false, "a clock that jumped back"},
	};
	retry_clock c = retry_default();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK(retry_give_up(&c, T0, cases[i].attempts, cases[i].now) == cases[i].up, "%s",
		      cases[i].what);
}

static void warning(void)
{
	enum { T0 = 1700000000 };
	static const struct {
		int64_t warning, now;
		size_t attempts;
		bool warn;
		const char *what;
	} cases[] = {
	    {14400, T0 + 14399, 100, false, "too young"},
	    {14400, T0 + 14400, 3, true, "both"},
	    {14400, T0 + 400 * 86400, 2, false, "a clock that jumped a year"},
	    {14400, T0 - 100, 100, false, "a clock that jumped back"},
	    {0, T0 + 86400, 100, false, "never"},
	};
	retry_clock c = retry_default();
	CHECK(c.warning == 14400, "four hours");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		c.warning = cases[i].warning;
		CHECK(retry_warn(&c, T0, cases[i].attempts, cases[i].now) == cases[i].warn, "%s",
		      cases[i].what);
	}
}

static void due(void)
{
	static const struct {
		int64_t time, now;
		bool due;
	} cases[] = {
	    {100, 100, true},	 {101, 100, false},  {0, 100, true},
	    {14500, 100, false}, {14501, 100, true}, {9999999999, 100, true},
	};
	retry_clock c = retry_default();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK(retry_due(&c, cases[i].time, cases[i].now) == cases[i].due, "%lld at %lld",
		      (long long)cases[i].time, (long long)cases[i].now);
}

static void control(void)
{
	char dir[] = "/tmp/pabal-retry.XXXXXX", path[128];
	const char *name = "";
	retry_clock c;
	CHECK(mkdtemp(dir) != NULL, "a directory");
	CHECK(setenv("PABAL_ROOT", dir, 1) == 0, "a root");
	CHECK(retry_read(&c, &name) && c.first == RETRY_FIRST && c.attempts == 10, "defaults");
	(void)snprintf(path, sizeof path, "%s/control", dir);
	CHECK(mkdir(path, 0700) == 0, "control");
	static const struct {
		const char *name, *text;
		bool good;
		int64_t first;
	} cases[] = {
	    {"retry-first", "60\n", true, 60},
	    {"retry-first", "0\n", false, RETRY_FIRST},
	    {"retry-first", "soon\n", false, RETRY_FIRST},
	    {"retry-largest", "20\n", true, 20},
	    {"delay-warning", "0\n", true, RETRY_FIRST},
	    {"delay-warning", "-1\n", false, RETRY_FIRST},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		(void)snprintf(path, sizeof path, "%s/control/%s", dir, cases[i].name);
		FILE *f = fopen(path, "w");
		CHECK(f && fputs(cases[i].text, f) >= 0 && fclose(f) == 0, "%s", path);
		bool good = retry_read(&c, &name);
		CHECK(good == cases[i].good && c.first == cases[i].first, "%s: %s", cases[i].name,
		      cases[i].text);
		CHECK(good || strcmp(name, cases[i].name) == 0, "the file is named");
		CHECK(unlink(path) == 0, "clean");
	}
	(void)snprintf(path, sizeof path, "%s/control", dir);
	CHECK(rmdir(path) == 0 && rmdir(dir) == 0, "clean");
}

int main(void)
{
	steps();
	growing();
	giving_up();
	due();
	warning();
	control();
	return unit_done();
}
