/* IDLE (RFC 2177): what changes is told as it comes, until the client says DONE. Commands that come glued to DONE stay in the
 * input for the next one. */
#include <poll.h>

#include "imap/message.h"
#include "imap/session.h"
#include "imap/verb.h"
#include "io/clock.h"

/* Milliseconds until the next look at the folder, where nothing says that there is something to see: the first two come behind
 * something that changed, since a message counts as gone only when its directory is quiet (maildir/folder.h). */
enum { SOON_MS = 50, AGAIN_MS = 2200, WATCHED_MS = 60000, POLLED_MS = 5000, LINE = 64 };

typedef struct idling {
	imap_state *s;
	int watch;	/* -1: the folder must be looked at */
	unsigned since; /* looks since something changed */
	int64_t end;
} idling;

static int next_look(const idling *w)
{
	int64_t left = w->end - clock_ms();
	int most = !w->s->box.f	   ? IMAP_IDLE_MS
		   : w->since == 0 ? SOON_MS
		   : w->since == 1 ? AGAIN_MS
		   : w->watch >= 0 ? WATCHED_MS
				   : POLLED_MS;
	return left < 0 ? 0 : left < most ? (int)left : most;
}

/* True where the client has said something, or is gone. */
static bool wait(idling *w)
{
	imap_state *s = w->s;
	struct pollfd p[] = {{.fd = s->l->in->fd, .events = POLLIN},
			     {.fd = w->watch, .events = POLLIN}};
	if (in_ready(s->l->in))
		return true;
	if (s->l->waiting)
		*s->l->waiting = 1;
	bool stop = s->l->stop && *s->l->stop;
	int n = stop ? 1 : poll(p, 2, next_look(w));
	if (s->l->waiting)
		*s->l->waiting = 0;
	if (n > 0 && p[1].revents)
		w->since = 0;
	else
		w->since++;
	return stop || (n > 0 && p[0].revents);
}

/* False where the session ends. */
static bool tell(idling *w)
{
	imap_state *s = w->s;
	bool more = !s->box.f || imap_tell_changes(s);
	w->watch = more && s->box.f ? folder_watch(s->box.f) : -1;
	return out_flush(s->out) && more;
}

static void finish(idling *w)
{
	imap_state *s = w->s;
	span line;
	switch (imap_read_line(&s->reader, LINE, &line)) {
	case IMAP_READ:
		if (span_eqi(line, S("DONE")))
			imap_ok(s, "idled");
		else
			imap_bad(s, "DONE, please");
		return;
	case IMAP_READ_STOP:
		imap_bye(s, "[UNAVAILABLE] going down");
		return;
	case IMAP_READ_BAD:
		imap_bad(s, "DONE, please");
		return;
	default:
		s->over = true;
		return;
	}
}

void imap_do_idle(imap_state *s, imap_scan *scan)
{
	idling w = {.s = s, .watch = -1, .end = clock_ms() + IMAP_IDLE_MS};
	char tag[IMAP_TAG_MAX];
	(void)scan;
	memcpy(tag, s->tag.p, s->tag.n); /* the reader's next line takes its place */
	s->tag.p = tag;
	out_puts(s->out, "+ idling\r\n");
	for (;;) {
		if (!tell(&w)) {
			s->over = true;
			break;
		}
		if (wait(&w)) {
			finish(&w);
			break;
		}
		if (clock_ms() >= w.end) {
			imap_bye(s, "nothing heard for half an hour");
			break;
		}
	}
	s->tag = S("");
}
