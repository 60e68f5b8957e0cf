#include "io/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include "base/die.h"
#include "base/str.h"

enum { TO_SYSLOG = -1, TO_NOWHERE = -2 };

static int destination = TO_NOWHERE;
static const char *program = "pabal";

void log_open(const char *command)
{
	const char *want = getenv("PABAL_LOG");
	uint64_t fd;
	program = command;
	if (want && span_starts(span_str(want), S("fd:")) &&
	    span_u64(span_sub(span_str(want), 3, SIZE_MAX), 1023, &fd)) {
		destination = (int)fd;
	} else if (want && span_eq(span_str(want), S("none"))) {
		destination = TO_NOWHERE;
	} else if (getenv("JOURNAL_STREAM")) {
		destination = STDERR_FILENO;
	} else {
		destination = TO_SYSLOG;
		openlog(command, LOG_NDELAY | LOG_PID, LOG_MAIL);
	}
}

void log_close(void)
{
	if (destination == TO_SYSLOG)
		closelog();
	destination = TO_NOWHERE;
}

static void put_octet(log_line *l, char c)
{
	if (l->n < sizeof l->text - 1) /* the last octet is for the LF */
		l->text[l->n++] = c;
}

static void put_raw(log_line *l, span s)
{
	for (size_t i = 0; i < s.n; i++)
		put_octet(l, s.p[i]);
}

static void put_value(log_line *l, span s)
{
	static const char hex[] = "0123456789abcdef";
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c > 0x20 && c < 0x7f && c != '\\' && c != '"') {
			put_octet(l, (char)c);
		} else if (l->n + 4 < sizeof l->text) {
			put_octet(l, '\\');
			put_octet(l, 'x');
			put_octet(l, hex[c >> 4]);
			put_octet(l, hex[c & 15]);
		}
	}
}

void log_begin(log_line *l, const char *event)
{
	l->n = 0;
	if (destination >= 0) {
		put_raw(l, span_str(program));
		put_raw(l, S(": "));
	}
	put_raw(l, S("event="));
	put_value(l, span_str(event));
}

void log_put(log_line *l, const char *key, span value)
{
	put_octet(l, ' ');
	put_raw(l, span_str(key));
	put_octet(l, '=');
	put_value(l, value);
}

void log_puts(log_line *l, const char *key, const char *value)
{
	log_put(l, key, span_str(value));
}

void log_putn(log_line *l, const char *key, int64_t value)
{
	char text[24];
	(void)snprintf(text, sizeof text, "%lld", (long long)value);
	log_puts(l, key, text);
}

void log_status(log_line *l, const status *st)
{
	log_putn(l, "code", st->code);
	if (st->reply)
		log_putn(l, "reply", st->reply);
	if (st->enhanced[0])
		log_puts(l, "enhanced", st->enhanced);
	log_puts(l, "text", st->text);
}

void log_end(log_line *l)
{
	if (destination == TO_SYSLOG) {
		syslog(LOG_INFO, "%.*s", (int)l->n, l->text);
	} else if (destination >= 0) {
		l->text[l->n++] = '\n';
		(void)!write(destination, l->text, l->n);
	}
}

void log_config_error(const char *file, size_t line, const char *text)
{
	log_line l;
	log_begin(&l, "config-error");
	log_puts(&l, "file", file);
	if (line)
		log_putn(&l, "line", (int64_t)line);
	log_puts(&l, "text", text);
	log_end(&l);
}
