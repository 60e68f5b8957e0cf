/* Rates: how much somebody may do in a time, counted in PABAL_RUN/rate/NAME. A bucket that leaks all the time: after
 * LIMIT at once the next one waits its share of the time, and no full hour has to be waited for. The file may be deleted at
 * any time. */
#ifndef RUN_RATE_H
#define RUN_RATE_H

#include "base/span.h"

enum { RATE_LIMIT_MAX = 1000000, RATE_SECONDS_MAX = 31 * 86400 };

enum rate_result {
	RATE_OK,   /* counted */
	RATE_OVER, /* too much: not counted */
	RATE_ERROR /* errno: the file cannot be used */
};

/* `name`: letters, digits, '-'. `key`: who, any octets. */
enum rate_result rate_take(const char *name, span key, uint64_t n, uint64_t limit, uint64_t seconds,
			   int64_t now);

#endif
