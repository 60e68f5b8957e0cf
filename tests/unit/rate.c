/* links: run net io base : z */
/* A bucket that leaks. */
#include "run/rate.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/unit.h"

int main(void)
{
	char dir[] = "/tmp/rate.XXXXXX", file[64];
	const int64_t now = 1000000;
	if (!mkdtemp(dir) || setenv("PABAL_RUN", dir, 1) != 0)
		return 1;
	for (int i = 0; i < 10; i++)
		CHECK(rate_take("t", S("a"), 1, 10, 100, now) == RATE_OK, "%d of 10", i + 1);
	CHECK(rate_take("t", S("a"), 1, 10, 100, now) == RATE_OVER, "the eleventh");
	CHECK(rate_take("t", S("b"), 10, 10, 100, now) == RATE_OK, "another one");
	CHECK(rate_take("u", S("a"), 10, 10, 100, now) == RATE_OK, "another rate");
	CHECK(rate_take("t", S("a"), 1, 10, 100, now + 9) == RATE_OVER, "too early");
	CHECK(rate_take("t", S("a"), 1, 10, 100, now + 10) == RATE_OK, "a tenth of the time");
	CHECK(rate_take("t", S("a"), 1, 10, 100, now + 10) == RATE_OVER, "and no more");
	CHECK(rate_take("t", S("a"), 10, 10, 100, now + 1000) == RATE_OK, "all of it again");
	CHECK(rate_take("t", S("c"), 11, 10, 100, now) == RATE_OVER, "more than ever fits");
	CHECK(rate_take("t", S("c"), 10, 10, 100, now - 50) == RATE_OK, "the clock was put back");
	CHECK(rate_take("t", S("c"), 1, 0, 100, now) == RATE_ERROR, "no limit is no number");
	for (int i = 0; i < 2; i++) {
		(void)snprintf(file, sizeof file, "%s/rate/%c", dir, "tu"[i]);
		CHECK(unlink(file) == 0, "the file may go");
		CHECK(rate_take("t", S("a"), 1, 10, 100, now) == RATE_OK, "and comes again");
	}
	(void)snprintf(file, sizeof file, "%s/rate/t", dir);
	(void)unlink(file);
	(void)snprintf(file, sizeof file, "%s/rate", dir);
	(void)rmdir(file);
	(void)rmdir(dir);
	return unit_done();
}
