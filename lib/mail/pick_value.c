/* Dates and sizes of expressions. */
#include "mail/pick_tree.h"

#include <time.h>

enum { YEARS = 9999 };

/* Digits off the front: at least one, at most `most` of them. */
static bool digits(span *s, size_t most, int64_t *value)
{
	size_t n = 0;
	*value = 0;
	for (; n < s->n && n < most && ascii_digit((unsigned char)s->p[n]); n++)
		*value = *value * 10 + (s->p[n] - '0');
	*s = span_sub(*s, n, s->n);
	return n > 0;
}

static bool skip(span *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = span_sub(*s, 1, s->n);
	return true;
}

/* "-30d": that long ago, to the second. */
static bool relative(span s, int64_t now, int64_t *low, int64_t *high)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1},	   {'m', 60},	     {'h', 3600},
		     {'d', 86400}, {'w', 7 * 86400}, {'y', 365 * 86400}};
	int64_t n;
	if (!skip(&s, '-') || !digits(&s, 9, &n) || s.n != 1)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (s.p[0] == units[i].unit) {
			*low = now - n * units[i].seconds;
			*high = *low + 1;
			return true;
		}
	return false;
}

static int64_t local(struct tm tm)
{
	tm.tm_isdst = -1;
	return mktime(&tm);
}

static bool day_from(int64_t when, int days, int64_t *low, int64_t *high)
{
	struct tm tm;
	time_t t = (time_t)when;
	if (!localtime_r(&t, &tm))
		return false;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday += days;
	*low = local(tm);
	tm.tm_mday++;
	*high = local(tm);
	return true;
}

/* " 09:30" or "T09:30:15" behind a day. */
static bool clock_time(span *s, struct tm *tm, int *seconds)
{
	int64_t hour, minute, second = 0;
	if ((!skip(s, 'T') && !skip(s, ' ')) || !digits(s, 2, &hour) || !skip(s, ':') ||
	    !digits(s, 2, &minute))
		return false;
	*seconds = 60;
	if (skip(s, ':')) {
		*seconds = 1;
		if (!digits(s, 2, &second))
			return false;
	}
	tm->tm_hour = (int)hour;
	tm->tm_min = (int)minute;
	tm->tm_sec = (int)second;
	return hour < 24 && minute < 60 && second < 61;
}

static bool calendar(span s, int64_t *low, int64_t *high)
{
	struct tm tm = {.tm_mday = 1}, next;
	int64_t year, month = 1, day = 1;
	int seconds = 0;
	if (!digits(&s, 4, &year) || year < 1970 || year > YEARS)
		return false;
	tm.tm_year = (int)year - 1900;
	next = tm;
	if (s.n == 0) {
		next.tm_year++;
	} else {
		if (!skip(&s, '-') || !digits(&s, 2, &month) || month < 1 || month > 12)
			return false;
		tm.tm_mon = (int)month - 1;
		next = tm;
		next.tm_mon++;
	}
	if (s.n) {
		if (!skip(&s, '-') || !digits(&s, 2, &day) || day < 1 || day > 31)
			return false;
		tm.tm_mday = (int)day;
		next = tm;
		next.tm_mday++;
	}
	if (s.n) {
		if (!clock_time(&s, &tm, &seconds))
			return false;
	}
	*low = local(tm);
	*high = seconds ? *low + seconds : local(next);
	return s.n == 0;
}

bool pick_date(span s, int64_t now, int64_t *low, int64_t *high)
{
	if (span_eqi(s, S("today")))
		return day_from(now, 0, low, high);
	if (span_eqi(s, S("yesterday")))
		return day_from(now, -1, low, high);
	return relative(s, now, low, high) || calendar(s, low, high);
}

bool pick_size(span s, int64_t *low, int64_t *high)
{
	static const char units[] = "kMGT";
	int64_t n, tenths = 0, unit = 1;
	if (!digits(&s, 9, &n) || (skip(&s, '.') && !digits(&s, 1, &tenths)))
		return false;
	for (size_t i = 0; s.n == 1 && i < sizeof units - 1; i++) {
		unit *= 1024;
		if (ascii_lower(units[i]) == ascii_lower(s.p[0])) {
			s.n = 0;
			break;
		}
	}
	if (s.n || (tenths && unit == 1))
		return false;
	*low = n * unit + tenths * unit / 10;
	*high = *low + 1;
	return true;
}
