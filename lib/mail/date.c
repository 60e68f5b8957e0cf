/* Dates of header fields (RFC 5322, 3.3 and 4.3, and other orders that are met), by arithmetic on the proleptic Gregorian
 * calendar: no locale, no zone file; date_local_zone() aside, which asks the C library. */
#include "mail/date.h"

#include <time.h>

enum {
	DAY = 86400,
	COMMENT_DEPTH = 100,
};
static const int64_t FIRST = -62135596800; /* 0001-01-01 */
static const int64_t LAST = 253402300799;  /* 9999-12-31 23:59:59 */

static const char day_names[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Days since 1970-01-01; years begin in March here, so that the leap day is the last of its year.
 */
static int64_t days_of(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = year / 400, yoe = year % 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void civil_of(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468; /* not negative from year 1 on */
	int64_t era = z / 146097, doe = z % 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

void date_write(int64_t epoch, int zone, char to[static DATE_ROOM])
{
	int year, month, day;
	zone = zone < -1439 ? -1439 : zone > 1439 ? 1439 : zone;
	epoch = epoch < FIRST + DAY ? FIRST + DAY : epoch > LAST - DAY ? LAST - DAY : epoch;
	int64_t at = epoch + (int64_t)zone * 60 - FIRST; /* not negative: / and % are plain */
	int64_t days = at / DAY + FIRST / DAY;
	int second = (int)(at % DAY), z = zone < 0 ? -zone : zone;
	civil_of(days, &year, &month, &day);
	/* 0001-01-01 was a Monday. */
	(void)snprintf(to, DATE_ROOM, "%s, %d %s %04d %02d:%02d:%02d %c%02d%02d",
		       day_names[(at / DAY + 1) % 7], day, month_names[(month - 1) % 12], year,
		       second / 3600, second / 60 % 60, second % 60, zone < 0 ? '-' : '+', z / 60,
		       z % 60);
}

int date_local_zone(int64_t epoch)
{
	struct tm tm;
	time_t t = (time_t)epoch;
	return localtime_r(&t, &tm) ? (int)(tm.tm_gmtoff / 60) : 0;
}

/* Blanks, line ends and nested comments; an open comment takes the rest. */
static void skip_cfws(span *s)
{
	size_t depth = 0;
	while (s->n) {
		char c = s->p[0];
		if (c == '(' && depth < COMMENT_DEPTH)
			depth++;
		else if (c == ')' && depth)
			depth--;
		else if (c == '\\' && depth)
			*s = span_sub(*s, 1, s->n);
		else if (!depth && c != ' ' && c != '\t' && c != '\r' && c != '\n')
			return;
		*s = span_sub(*s, 1, s->n);
	}
}

static bool octet(span *s, char c)
{
	skip_cfws(s);
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = span_sub(*s, 1, s->n);
	return true;
}

static span letters(span *s)
{
	size_t n = 0;
	skip_cfws(s);
	while (n < s->n && ascii_alpha((unsigned char)s->p[n]))
		n++;
	span word = span_sub(*s, 0, n);
	*s = span_sub(*s, n, s->n);
	return word;
}

static bool number(span *s, size_t min_digits, size_t max_digits, int *value, size_t *digits)
{
	size_t n = 0;
	*value = 0;
	skip_cfws(s);
	for (; n < s->n && n < max_digits && ascii_digit((unsigned char)s->p[n]); n++)
		*value = *value * 10 + (s->p[n] - '0');
	if (n < min_digits || (n < s->n && ascii_digit((unsigned char)s->p[n])))
		return false;
	*digits = n;
	*s = span_sub(*s, n, s->n);
	return true;
}

/* The number of the name that `word` is or (three letters and more, "Sept", "Tues") begins with. */
static int name_of(span word, const char (*names)[4], int count)
{
	for (int i = 0; i < count; i++)
		if (word.n >= 3 && span_eqi(span_sub(word, 0, 3), span_of(names[i], 3)))
			return i;
	return -1;
}

static int month_days(int year, int month)
{
	static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return days[month] + (month == 1 && leap);
}

typedef struct date {
	int day, month, year; /* month from 0 */
	int seconds, east;
} date;

/* Two and three digits of a year by RFC 5322, 4.3. */
static bool parse_year(span *s, int *year)
{
	size_t digits;
	if (!number(s, 2, 4, year, &digits))
		return false;
	if (digits == 3 || (digits == 2 && *year >= 50))
		*year += 1900;
	else if (digits == 2)
		*year += 2000;
	return true;
}

/* The day before the month (RFC 5322) or behind it (asctime(3), and scripts); *month_first says which. Hyphens
 * between the three are seen too. */
static bool parse_day(span *s, date *d, bool *month_first)
{
	size_t digits;
	span look = *s, word = letters(&look);
	if (word.n && name_of(word, day_names, 7) >= 0) {
		*s = look;
		(void)octet(s, ',');
		look = *s;
		word = letters(&look);
	}
	*month_first = word.n > 0;
	if (*month_first) {
		d->month = name_of(word, month_names, 12);
		*s = look;
		return d->month >= 0 && number(s, 1, 2, &d->day, &digits);
	}
	if (!number(s, 1, 2, &d->day, &digits))
		return false;
	(void)octet(s, '-');
	d->month = name_of(letters(s), month_names, 12);
	(void)octet(s, '-');
	return d->month >= 0;
}

/* hour ":" minute [":" second]; a leap second is the next second. */
static bool parse_time(span *s, int *seconds)
{
	size_t digits;
	int hour, minute, second = 0;
	if (!number(s, 1, 2, &hour, &digits) || !octet(s, ':') ||
	    !number(s, 2, 2, &minute, &digits))
		return false;
	if (octet(s, ':') && !number(s, 2, 2, &second, &digits))
		return false;
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	*seconds = hour * 3600 + minute * 60 + second;
	return true;
}

/* The names of zones of RFC 5322, 4.3, and some whose meaning nobody doubts. Others, and the letters that RFC 822
 * got wrong, say nothing. */
static int zone_name(span word)
{
	static const struct {
		char name[5];
		int hours;
	} zones[] = {
	    {"EDT", -4}, {"EST", -5}, {"CDT", -5}, {"CST", -6}, {"MDT", -6}, {"MST", -7},
	    {"PDT", -7}, {"PST", -8}, {"KST", 9},  {"JST", 9},	{"CET", 1},  {"CEST", 2},
	    {"MET", 1},	 {"MEST", 2}, {"EET", 2},  {"EEST", 3}, {"WEST", 1},
	};
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		if (span_eqi(word, span_str(zones[i].name)))
			return zones[i].hours * 3600;
	return 0;
}

static bool parse_offset(span *s, int *east)
{
	size_t digits;
	int hours, minutes = 0;
	bool minus = s->n && s->p[0] == '-';
	if (!octet(s, '+') && !octet(s, '-'))
		return false;
	if (!number(s, 1, 4, &hours, &digits))
		return false;
	if (digits > 2) {
		minutes = hours % 100;
		hours /= 100;
	} else if (octet(s, ':') && !number(s, 2, 2, &minutes, &digits)) {
		return false;
	}
	*east = (hours * 60 + minutes) * (minus ? -60 : 60);
	return minutes < 60;
}

/* Seconds east of UTC; a missing zone is UTC. "GMT+0900" is what scripts write. */
static bool parse_zone(span *s, int *east)
{
	*east = 0;
	skip_cfws(s);
	if (s->n == 0 || ascii_digit((unsigned char)s->p[0]))
		return true;
	span word = letters(s);
	if (word.n == 0)
		return parse_offset(s, east);
	*east = zone_name(word);
	bool utc = span_eqi(word, S("GMT")) || span_eqi(word, S("UTC")) || span_eqi(word, S("UT"));
	if (utc && s->n && (s->p[0] == '+' || s->p[0] == '-'))
		return parse_offset(s, east);
	return true;
}

/* "Nov 24 05:00:00 [zone] 2026" */
static bool time_is_next(span s)
{
	size_t digits;
	int hour;
	return number(&s, 1, 2, &hour, &digits) && octet(&s, ':');
}

static bool parse(span text, date *d)
{
	bool month_first, time_first;
	if (!parse_day(&text, d, &month_first))
		return false;
	if (month_first)
		(void)octet(&text, ',');
	time_first = month_first && time_is_next(text);
	if (!time_first && !parse_year(&text, &d->year))
		return false;
	if (!parse_time(&text, &d->seconds) || !parse_zone(&text, &d->east))
		return false;
	if (time_first && !parse_year(&text, &d->year))
		return false;
	skip_cfws(&text);
	if (time_first && text.n && !parse_zone(&text, &d->east))
		return false;
	skip_cfws(&text);
	return text.n == 0;
}

/* Two digits; -1 where they are none. */
static int two_at(const char *p)
{
	if (!ascii_digit((unsigned char)p[0]) || !ascii_digit((unsigned char)p[1]))
		return -1;
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* "Tue, 24 Nov 2026 05:00:00 +0900" to the octet, as nearly all write it: a short way to what parse() gives. */
static bool parse_usual(span s, date *d)
{
	const char *p = s.p;
	if (s.n != 31 || p[3] != ',' || p[4] != ' ' || p[7] != ' ' || p[11] != ' ' ||
	    p[16] != ' ' || p[19] != ':' || p[22] != ':' || p[25] != ' ' ||
	    (p[26] != '+' && p[26] != '-'))
		return false;
	int century = two_at(p + 12), year = two_at(p + 14), hour = two_at(p + 17);
	int minute = two_at(p + 20), second = two_at(p + 23);
	int east = two_at(p + 27), east_minute = two_at(p + 29);
	d->day = two_at(p + 5);
	d->month = name_of(span_of(p + 8, 3), month_names, 12);
	if (century < 0 || year < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
	    second < 0 || second > 60 || east < 0 || east_minute < 0 || east_minute > 59 ||
	    d->day < 0 || d->month < 0 || name_of(span_of(p, 3), day_names, 7) < 0)
		return false;
	d->year = century * 100 + year;
	d->seconds = hour * 3600 + minute * 60 + second;
	d->east = (east * 60 + east_minute) * (p[26] == '-' ? -60 : 60);
	return true;
}

static bool parse_any(span text, date *d)
{
	return (parse_usual(span_trim(text), d) || parse(text, d)) && d->year >= 1 && d->day >= 1 &&
	       d->day <= month_days(d->year, d->month);
}

bool date_parse(span text, int64_t *epoch)
{
	date d = {0};
	if (!parse_any(text, &d))
		return false;
	*epoch = days_of(d.year, d.month + 1, d.day) * DAY + d.seconds - d.east;
	return true;
}

bool date_parse_day(span text, int64_t *day)
{
	date d = {0};
	if (!parse_any(text, &d))
		return false;
	*day = days_of(d.year, d.month + 1, d.day);
	return true;
}

int64_t date_local_day(int64_t epoch)
{
	int64_t at = epoch + (int64_t)date_local_zone(epoch) * 60;
	return at / DAY - (at % DAY < 0);
}

/* The zone may change on that very day: asked again for where its midnight is thought to be. */
int64_t date_local_midnight(int64_t day)
{
	int64_t at = day * DAY - (int64_t)date_local_zone(day * DAY) * 60;
	return day * DAY - (int64_t)date_local_zone(at) * 60;
}

void date_stamp_write(int64_t epoch, char to[static DATE_ROOM])
{
	int year, month, day;
	epoch = epoch < FIRST ? FIRST : epoch > LAST ? LAST : epoch;
	int64_t at = epoch - FIRST;
	int second = (int)(at % DAY);
	civil_of(at / DAY + FIRST / DAY, &year, &month, &day);
	(void)snprintf(to, DATE_ROOM, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day,
		       second / 3600, second / 60 % 60, second % 60);
}

/* "Z", "+09:00"; fractions of a second before it do not count. */
static bool stamp_zone(span s, int *east)
{
	*east = 0;
	if (s.n && s.p[0] == '.')
		for (s = span_sub(s, 1, s.n); s.n && ascii_digit((unsigned char)s.p[0]);)
			s = span_sub(s, 1, s.n);
	if (span_eqi(s, S("Z")))
		return true;
	if (s.n != 6 || s.p[3] != ':' || (s.p[0] != '+' && s.p[0] != '-'))
		return false;
	int hours = two_at(s.p + 1), minutes = two_at(s.p + 4);
	*east = (hours * 60 + minutes) * (s.p[0] == '-' ? -60 : 60);
	return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

bool date_stamp_parse(span text, int64_t *epoch)
{
	const char *p = text.p;
	int east;
	if (text.n < 20 || p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != 't') ||
	    p[13] != ':' || p[16] != ':' || !stamp_zone(span_sub(text, 19, text.n), &east))
		return false;
	int century = two_at(p), year = two_at(p + 2), month = two_at(p + 5), day = two_at(p + 8);
	int hour = two_at(p + 11), minute = two_at(p + 14), second = two_at(p + 17);
	if (century < 0 || year < 0 || month < 1 || month > 12 || day < 1 || hour < 0 ||
	    hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	year += century * 100;
	if (year < 1 || day > month_days(year, month - 1))
		return false;
	*epoch = days_of(year, month, day) * DAY + hour * 3600 + minute * 60 + second - east;
	return true;
}
