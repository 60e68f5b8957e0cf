#include "queue/retry.h"

#include "io/control.h"
#include "io/sum.h"

enum { DAY = 86400, YEAR = 366 * DAY };

retry_clock retry_default(void)
{
	return (retry_clock){.first = RETRY_FIRST,
			     .largest = RETRY_LARGEST,
			     .lifetime = RETRY_LIFETIME,
			     .growth = RETRY_GROWTH,
			     .jitter = RETRY_JITTER,
			     .warning = RETRY_WARNING,
			     .attempts = RETRY_ATTEMPTS};
}

bool retry_read(retry_clock *c, const char **name)
{
	const retry_clock d = retry_default();
	const struct {
		const char *name;
		uint64_t least, most, fallback;
	} rows[] = {
	    {"retry-first", 1, DAY, (uint64_t)d.first},
	    {"retry-growth", 100, 1000, d.growth},
	    {"retry-largest", 1, 7 * DAY, (uint64_t)d.largest},
	    {"retry-lifetime", 0, YEAR, (uint64_t)d.lifetime},
	    {"retry-attempts", 1, 1000, d.attempts},
	    {"delay-warning", 0, YEAR, (uint64_t)d.warning},
	    {"retry-jitter", 0, 90, d.jitter},
	};
	uint64_t values[sizeof rows / sizeof *rows];
	bool good = true;
	int error = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool read =
		    control_number(rows[i].name, rows[i].most, rows[i].fallback, &values[i]);
		if (read && values[i] >= rows[i].least)
			continue;
		error = read ? ERANGE : errno;
		values[i] = rows[i].fallback;
		*name = rows[i].name;
		good = false;
	}
	*c = (retry_clock){.first = (int64_t)values[0],
			   .growth = (unsigned)values[1],
			   .largest = (int64_t)values[2],
			   .lifetime = (int64_t)values[3],
			   .attempts = (unsigned)values[4],
			   .warning = (int64_t)values[5],
			   .jitter = (unsigned)values[6]};
	if (c->first > c->largest)
		c->first = c->largest;
	errno = error;
	return good;
}

int64_t retry_next(const retry_clock *c, span id, size_t attempts, int64_t now)
{
	int64_t step = c->first;
	for (size_t i = 1; i < attempts && step < c->largest; i++) {
		int64_t grown = step * c->growth / 100;
		if (grown == step)
			break; /* a growth of 100 %, or a step too short for it */
		step = grown;
	}
	if (step > c->largest)
		step = c->largest;
	step -= step * (int64_t)(sum_crc32(0, id) % (c->jitter + 1)) / 100;
	return now + (step > 0 ? step : 1);
}

bool retry_due(const retry_clock *c, int64_t time, int64_t now)
{
	return time <= now || time - now > c->largest;
}

bool retry_give_up(const retry_clock *c, int64_t arrived, size_t attempts, int64_t now)
{
	return attempts >= c->attempts && now - arrived >= c->lifetime;
}

bool retry_warn(const retry_clock *c, int64_t arrived, size_t attempts, int64_t now)
{
	return c->warning && attempts >= RETRY_WARN_ATTEMPTS && now - arrived >= c->warning;
}
