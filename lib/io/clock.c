#include "io/clock.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "base/span.h"

int64_t clock_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_now(void)
{
	uint64_t fixed;
	const char *now = secure_getenv("PABAL_NOW");
	if (now && span_u64(span_str(now), INT64_MAX, &fixed))
		return (int64_t)fixed;
	return (int64_t)time(NULL);
}

int clock_left(int64_t deadline)
{
	if (deadline == 0)
		return -1;
	int64_t left = deadline - clock_ms();
	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}
