#include "smtp/gate.h"

#include <poll.h>

#include "io/clock.h"
#include "smtp/answer.h"

enum { RATE_GRACE_MS = 60000 };

/* Instead of the greeting (RFC 5321, 3.1): 554, or 421 to come again. */
static void turn_away(smtp_session *s, const status *why)
{
	bool for_good = status_is_permanent(why);
	answer_put(s->out, for_good ? 554 : 421,
		   for_good || why->enhanced[0] == '4' ? why->enhanced : "4.3.2",
		   span_str(why->text));
	s->over = s->hung_up = true;
}

/* RFC 5321, 4.3.1: a client waits for the greeting; who cannot wait is no mail system. */
static bool is_early(smtp_session *s)
{
	struct pollfd p = {.fd = s->in->fd, .events = POLLIN};
	if (!s->limits->greet_ms || !s->stranger)
		return false;
	return poll(&p, 1, s->limits->greet_ms) > 0 && (p.revents & POLLIN);
}

bool gate_connect(smtp_session *s)
{
	status why = status_ok();
	if (s->crowded)
		why = status_make(EX_TEMPFAIL, 421, "4.7.0",
				  "too many connections from your network, try again later");
	else if (is_early(s))
		why = status_make(EX_NOPERM, 554, "5.5.1", "you talk before you are greeted");
	if (!status_is_ok(&why)) {
		(void)s->keeper->refuse(s->keeper->arg, &why);
		turn_away(s, &why);
		return false;
	}
	if (!(s->limits->stages & STAGE_BIT(STAGE_CONNECT)))
		return true;
	smtp_verdict v;
	if (!s->keeper->stage(s->keeper->arg, STAGE_CONNECT, S(""), &v))
		session_keeper_gone(s);
	else if (!status_is_ok(&v.st))
		turn_away(s, &v.st);
	return !s->over;
}

bool gate_stage(smtp_session *s, enum smtp_stage stage, span words)
{
	smtp_verdict v;
	bool ask = (s->limits->stages & STAGE_BIT(stage)) ||
		   (stage == STAGE_HELO && (s->limits->stages & ~STAGE_BIT(STAGE_CONNECT)));
	if (!ask)
		return true;
	if (!s->keeper->stage(s->keeper->arg, stage, words, &v)) {
		session_keeper_gone(s);
		return false;
	}
	if (stage == STAGE_MAIL)
		s->mail_sent = true;
	if (status_is_ok(&v.st))
		return true;
	session_status(s, &v.st);
	return false;
}

void gate_error(smtp_session *s)
{
	const smtp_limits *l = s->limits;
	if (!s->stranger || !l->tarpit_ms || s->errors < l->tarpit_after || s->over)
		return;
	(void)out_flush(s->out);
	(void)poll(NULL, 0, l->tarpit_ms);
}

int64_t gate_deadline(const smtp_session *s)
{
	int64_t piece = clock_ms() + s->limits->idle_ms;
	return s->end && s->end < piece ? s->end : piece;
}

bool gate_too_slow(const smtp_session *s, int64_t began, uint64_t octets)
{
	int64_t passed = clock_ms() - began;
	return s->limits->min_rate && s->stranger && passed > RATE_GRACE_MS &&
	       octets < (uint64_t)passed / 1000 * s->limits->min_rate;
}
