/* The frame of the unit tests: a program a module, one TAP line a case, inputs copied to an exact-size
 * heap block without a NUL, so that overruns show under the sanitizers. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"

static int unit_count, unit_failed;

/* `what` names the case; the place is printed where it fails. */
#define CHECK(condition, ...) unit_check((condition), #condition, __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 5, 6), unused)) static void
unit_check(int ok, const char *condition, const char *file, int line, const char *fmt, ...)
{
	va_list args;
	printf("%sok %d - ", ok ? "" : "not ", ++unit_count);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	if (!ok) {
		unit_failed++;
		printf("# %s:%d: %s\n", file, line, condition);
	}
}

/* A heap copy of exactly n octets; the caller frees p. */
__attribute__((unused)) static span unit_copy(span s)
{
	char *p = malloc(s.n ? s.n : 1);
	if (!p)
		abort();
	memcpy(p, s.p, s.n);
	return (span){p, s.n};
}

__attribute__((unused)) static int unit_done(void)
{
	printf("1..%d\n", unit_count);
	return unit_failed || unit_count == 0;
}

#endif
