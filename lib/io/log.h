/* The log: one event a line, `command: event=NAME key=value …`, no time stamp. Octets other than
 * printable ASCII, and blanks, quotes and backslashes inside a value, are written \xNN, so that a line
 * splits at its blanks. To syslog(3) (facility mail), or to fd 2 where JOURNAL_STREAM is set or
 * PABAL_LOG=fd:2; PABAL_LOG=fd:N for another descriptor, PABAL_LOG=none for nowhere. A log that cannot be
 * written never stops mail. */
#ifndef IO_LOG_H
#define IO_LOG_H

#include "base/span.h"
#include "base/status.h"

typedef struct log_line {
	char text[2048];
	size_t n;
} log_line;

/* Opens the destination; before any sandbox. `command` must live as long as the process. */
void log_open(const char *command);
void log_close(void); /* in a child that must not hold the syslog socket */

void log_begin(log_line *, const char *event);
void log_put(log_line *, const char *key, span value);
void log_puts(log_line *, const char *key, const char *value);
void log_putn(log_line *, const char *key, int64_t value);
void log_status(log_line *, const status *); /* code=, reply=, enhanced=, text= */
void log_end(log_line *);

/* A whole event at once for the operator's mistakes: file=… line=… (0: none) text=… */
void log_config_error(const char *file, size_t line, const char *text);

#endif
