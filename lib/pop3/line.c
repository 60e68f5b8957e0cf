#include "pop3/line.h"

#include "pop3/cmd.h"

enum { DROPPED_MAX = 1 << 20 }; /* octets of a line that are read to find its end */

/* What is longer than a line may be is read and dropped, piece by piece. */
static enum in_result read_all(in *from, span *line)
{
	enum in_result r = in_line(from, POP3_LINE_MAX, line), rest = r;
	for (size_t dropped = 0; rest == IN_LONG; dropped += line->n) {
		if (dropped > DROPPED_MAX)
			return IN_EOF;
		rest = in_line(from, POP3_LINE_MAX, line);
	}
	if (rest != IN_OK)
		return rest;
	return span_ends(*line, S("\n")) ? r : IN_EOF;
}

enum pop3_read pop3_read_line(in *from, volatile sig_atomic_t *stop, volatile sig_atomic_t *waiting,
			      span *line)
{
	if (waiting)
		*waiting = 1;
	enum in_result r = stop && *stop ? IN_EOF : read_all(from, line);
	if (waiting)
		*waiting = 0;
	if (r == IN_OK)
		return POP3_LINE;
	if (r == IN_LONG)
		return POP3_LONG;
	if (stop && *stop)
		return POP3_STOP;
	return r == IN_TIMEOUT ? POP3_LATE : POP3_LOST;
}
