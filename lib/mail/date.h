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

#endif
