/* Reading commands, for the talker and the session. */
#ifndef POP3_LINE_H
#define POP3_LINE_H

#include <signal.h>

#include "io/in.h"

enum pop3_read {
	POP3_LINE,
	POP3_LONG, /* a line over POP3_LINE_MAX, dropped to its end */
	POP3_STOP, /* *stop is set */
	POP3_LATE, /* nothing heard for too long */
	POP3_LOST, /* the connection ended, inside a line too */
};

enum pop3_read pop3_read_line(in *, volatile sig_atomic_t *stop, volatile sig_atomic_t *waiting,
			      span *line);

#endif
