/* The talker's process of a login. */
#include "run/login_talker.h"

#include "auth/login_record.h"
#include "base/status.h"
#include "run/front.h"

#define NUL span_of("", 1)

/* Whether a login is allowed on this connection, says the monitor, which looks at it. */
static bool announce(login_talk *t, int connection, bool *crowded)
{
	char type, flags[8];
	size_t n = 0;
	if (!frame_send_behind(t->monitor, 'C', connection, 'P', NULL, 0) ||
	    frame_recv(&t->from, &type, flags, sizeof flags, &n) != IN_OK || type != 'P' || n < 2)
		return false;
	t->allowed = flags[0] == '1';
	t->tls = flags[1] == '0' + LOGIN_TLS_OFFERED ? LOGIN_TLS_OFFERED : LOGIN_TLS_NONE;
	*crowded = flags[0] == '2';
	return true;
}

static bool hand_over(login_talk *t)
{
	span rest = S("");
	size_t n = in_buffered(t->in);
	if (n && in_peek(t->in, &rest) != IN_OK)
		return false;
	span parts[] = {str_span(&t->state), NUL, span_sub(rest, 0, n)};
	return out_flush(t->out) && frame_send(t->monitor, 'H', parts, 3);
}

static int serve(const login_protocol *p, login_talk *t)
{
	if (p->talk(t))
		return hand_over(t) ? EX_OK : EX_TEMPFAIL;
	(void)out_flush(t->out);
	if (t->hung_up)
		front_linger(t->in->fd);
	return t->out->error ? EX_TEMPFAIL : EX_OK;
}

static int serve_next(const login_protocol *p, login_talk *t, const front *f)
{
	int fd = -1;
	peer from;
	bool crowded;
	prefork_idle(&f->slot);
	while (fd < 0 && !front_retiring())
		fd = front_accept(&from);
	if (fd < 0)
		return EX_OK;
	front_client(fd);
	prefork_busy(&f->slot);
	in_reset(t->in, fd);
	out_reset(t->out, fd);
	if (!announce(t, fd, &crowded))
		return EX_TEMPFAIL;
	if (!crowded)
		return serve(p, t);
	out_puts(t->out, p->crowded);
	return out_flush(t->out) ? EX_OK : EX_TEMPFAIL;
}

static void flush(void *arg)
{
	(void)out_flush(arg);
}

int login_talker(const login_protocol *p, login_talk *t, bool listening, int fd, pid_t monitor,
		 bool sandbox_optional, const prefork_slot *slot)
{
	in from;
	out to;
	front f = {.keeper = fd,
		   .listening = listening,
		   .idle_ms = t->idle_ms,
		   .sandbox_optional = sandbox_optional,
		   .slot = *slot};
	if (!front_enter(&f, monitor))
		return EX_TEMPFAIL;
	out_open(&to, 1, LOGIN_OUT);
	in_open(&t->from, FRONT_KEEPER, LOGIN_LINE_MAX + FRAME_HEAD);
	in_open(&from, 0, LOGIN_IN);
	from.timer = f.timer;
	from.idle_ms = f.timer ? 0 : t->idle_ms;
	from.before_wait = flush;
	from.before_wait_arg = &to;
	to.idle_ms = t->idle_ms;
	t->in = &from;
	t->out = &to;
	t->monitor = FRONT_KEEPER;
	t->stop = &front_stop;
	t->waiting = &front_waiting;
	t->moved = front_client;
	t->state = str_new(LOGIN_STATE_MAX);
	if (!listening)
		front_client(0);
	int code = listening ? serve_next(p, t, &f) : serve(p, t);
	str_free(&t->state);
	out_close(&to);
	in_close(&t->from);
	in_close(&from);
	return code;
}
