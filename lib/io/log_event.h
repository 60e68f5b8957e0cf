/* Lines of the log, read again (io/log.h writes them): with what syslog(3) or the journal put before them, or without.
 * Pure. */
#ifndef IO_LOG_EVENT_H
#define IO_LOG_EVENT_H

#include "base/str.h"

typedef struct log_event {
	span stamp;   /* what stands before the command; "" where nothing does */
	span command; /* without [PID] */
	span name;    /* of the event */
	span rest;    /* key=value … */
} log_event;

/* False for lines of other programs. The spans are in the line. */
bool log_event_parse(span line, log_event *);
/* A value, its \xNN decoded, in *value; false where the key is not there. */
bool log_event_get(const log_event *, const char *key, str *value);
/* A number; 0 where it is not there or none. */
uint64_t log_event_number(const log_event *, const char *key);
/* The hour, as text: "2026-11-24 13" out of ISO times, "Nov 24 13" out of the classic ones; "" where there is none. */
void log_event_hour(const log_event *, str *hour);

#endif
