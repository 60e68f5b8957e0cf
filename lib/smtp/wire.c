#include "smtp/wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "io/clock.h"

enum { SECOND = 1000 };

void client_drop(client *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	c->ahead_begun = false;
}

bool client_read(client *c, int wait_ms, const char *phase, status *why)
{
	enum reply_result got = REPLY_MORE;
	span piece;
	reply_clear(&c->reply);
	c->in.deadline = clock_ms() + wait_ms;
	while (got == REPLY_MORE) {
		enum in_result r = in_line(&c->in, CLIENT_LINE, &piece);
		if (r == IN_OK || r == IN_LONG) {
			got = reply_feed(&c->reply, piece);
			continue;
		}
		*why = r == IN_TIMEOUT
			   ? status_make(EX_TEMPFAIL, 0, "4.4.2", "no answer %s in %d s", phase,
					 (wait_ms + SECOND - 1) / SECOND)
			   : status_make(EX_TEMPFAIL, 0, "4.4.2", "connection lost %s%s%s", phase,
					 r == IN_ERROR ? ": " : "",
					 r == IN_ERROR ? strerror(errno) : "");
		return false;
	}
	if (got == REPLY_BAD)
		*why = status_make(EX_TEMPFAIL, 0, "4.5.0", "no SMTP reply %s", phase);
	return got == REPLY_DONE;
}

bool client_write(client *c, span octets, const char *phase, status *why)
{
	out_put(&c->out, octets);
	if (out_flush(&c->out))
		return true;
	*why =
	    status_make(EX_TEMPFAIL, 0, "4.4.2", "connection lost %s: %s", phase, strerror(errno));
	return false;
}
