#include "io/log_event.h"

#include <string.h>

/* "host queue-run[12]: " → "queue-run"; what is before it is the stamp. */
static bool take_command(span before, log_event *e)
{
	if (!span_ends(before, S(": ")))
		return false;
	before.n -= 2;
	size_t blank = span_rfind(before, ' ');
	size_t start = blank < before.n ? blank + 1 : 0;
	span command = span_sub(before, start, before.n);
	size_t bracket = span_find(command, '[');
	e->stamp = span_sub(before, 0, start);
	e->command = span_sub(command, 0, bracket);
	return e->command.n > 0;
}

bool log_event_parse(span line, log_event *e)
{
	static const char mark[] = "event=";
	line = span_chomp(line);
	const char *hit = line.n ? memmem(line.p, line.n, mark, sizeof mark - 1) : NULL;
	if (!hit || !take_command(span_of(line.p, (size_t)(hit - line.p)), e))
		return false;
	e->rest = span_sub(line, (size_t)(hit - line.p) + sizeof mark - 1, line.n);
	e->name = span_cut(&e->rest, ' ');
	for (size_t i = 0; i < e->name.n; i++)
		if (!ascii_alnum((unsigned char)e->name.p[i]) && e->name.p[i] != '-')
			return false;
	return e->name.n > 0;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool find(const log_event *e, const char *key, span *raw)
{
	span rest = e->rest, k = span_str(key);
	while (rest.n) {
		span value = span_cut(&rest, ' '), name = span_cut(&value, '=');
		if (span_eq(name, k)) {
			*raw = value;
			return true;
		}
	}
	return false;
}

bool log_event_get(const log_event *e, const char *key, str *value)
{
	span raw;
	str_clear(value);
	if (!find(e, key, &raw))
		return false;
	for (size_t i = 0; i < raw.n; i++) {
		bool escaped = i + 3 < raw.n && raw.p[i] == '\\' && raw.p[i + 1] == 'x' &&
			       hex(raw.p[i + 2]) >= 0 && hex(raw.p[i + 3]) >= 0;
		(void)str_putc(value, escaped ? (char)(hex(raw.p[i + 2]) * 16 + hex(raw.p[i + 3]))
					      : raw.p[i]);
		i += escaped ? 3 : 0;
	}
	return true;
}

uint64_t log_event_number(const log_event *e, const char *key)
{
	span raw;
	uint64_t n;
	return find(e, key, &raw) && span_u64(raw, INT64_MAX, &n) ? n : 0;
}

static bool digits_at(span s, const char *form)
{
	for (size_t i = 0; form[i]; i++) {
		if (i >= s.n)
			return false;
		if (form[i] == 'd'   ? !ascii_digit((unsigned char)s.p[i])
		    : form[i] == 'a' ? !ascii_alpha((unsigned char)s.p[i])
		    : form[i] == '?' ? s.p[i] != ' ' && !ascii_digit((unsigned char)s.p[i])
				     : s.p[i] != form[i])
			return false;
	}
	return true;
}

void log_event_hour(const log_event *e, str *hour)
{
	span s = e->stamp;
	str_clear(hour);
	size_t angle = span_starts(s, S("<")) ? span_find(s, '>') : s.n; /* "<22>" of syslog */
	if (angle < s.n)
		s = span_sub(s, angle + 1, s.n);
	if (digits_at(s, "dddd-dd-ddTdd:") || digits_at(s, "dddd-dd-dd dd:")) {
		(void)str_put(hour, span_sub(s, 0, 10));
		(void)str_putc(hour, ' ');
		(void)str_put(hour, span_sub(s, 11, 13));
	} else if (digits_at(s, "aaa ?d dd:")) {
		(void)str_put(hour, span_sub(s, 0, 9));
	}
}
