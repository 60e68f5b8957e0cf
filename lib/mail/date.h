/* Dates as RFC 5322, 3.3 writes them. */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include "base/span.h"

enum { DATE_ROOM = 40 };

/* "Tue, 24 Nov 2026 05:00:00 +0900" and a NUL into `to`; zone in minutes east of UTC. Locale-free. */
void date_write(int64_t epoch, int zone_minutes, char to[static DATE_ROOM]);
/* The machine's zone at that time, in minutes. */
int date_local_zone(int64_t epoch);
/* Seconds since the epoch of a Date field, obsolete forms included (RFC 5322, 4.3); false where unreadable. */
bool date_parse(span text, int64_t *epoch);
/* The same for the day that it names, whatever the zone: days since 1970-01-01. */
bool date_parse_day(span text, int64_t *day);
/* The day of that time here, and when a day begins here. */
int64_t date_local_day(int64_t epoch);
int64_t date_local_midnight(int64_t day);

/* RFC 3339 in UTC, "2026-11-24T05:00:00Z", and with any offset; for RFC 4865. */
void date_stamp_write(int64_t epoch, char to[static DATE_ROOM]);
bool date_stamp_parse(span text, int64_t *epoch);

#endif
