#include "smtp/xclient.h"

#include "smtp/answer.h"
#include "smtp/gate.h"
#include "smtp/xattr.h"

enum { MEM_MAX = 16384 };

void xclient_keywords(const smtp_session *s, str *to)
{
	if (s->xclient)
		(void)str_put(to, S("\n" XCLIENT_OFFER));
	if (s->xforward)
		(void)str_put(to, S("\n" XFORWARD_OFFER));
}

/* false: it was answered. */
static bool judged(smtp_session *s, bool client, span args)
{
	arena mem = arena_new(MEM_MAX);
	xattrs attributes;
	smtp_verdict v = {.normalize_lf = false};
	bool good = xattrs_parse(args, client, &mem, &attributes);
	arena_free(&mem);
	if (!(client ? s->xclient : s->xforward)) {
		session_reply(s, 550, "5.7.0", S("not from you"));
		return false;
	}
	if (!good) {
		session_reply(s, 501, "5.5.4", S("attributes that are known, in xtext"));
		return false;
	}
	if (!s->keeper->attributes(s->keeper->arg, client, args, &v)) {
		session_keeper_gone(s);
		return false;
	}
	if (!status_is_ok(&v.st))
		session_status(s, &v.st);
	return status_is_ok(&v.st);
}

/* Another client from now on: as a new connection, with its greeting. */
void xclient_command(smtp_session *s, span args)
{
	if (!judged(s, true, args))
		return;
	session_reset(s);
	s->state = AT_START;
	s->esmtp = s->logged_in = s->xforward = false;
	s->hello = S("");
	s->stranger = true;
	s->login_allowed = s->tls == LOGIN_TLS_ACTIVE;
	if (gate_connect(s))
		session_greet(s);
}

void xforward_command(smtp_session *s, span args)
{
	if (judged(s, false, args))
		answer_put(s->out, 250, "2.0.0", S("ok"));
}
