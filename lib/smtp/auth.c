#include "smtp/auth.h"

#include "smtp/answer.h"

bool auth_offered(const smtp_session *s)
{
	return s->limits->auth && s->login_allowed && !s->logged_in;
}

void auth_keyword(const smtp_session *s, str *to)
{
	(void)str_put(to, S("\nAUTH "));
	if (s->limits->scram)
		(void)str_put(to, S("SCRAM-SHA-256 "));
	(void)str_put(to, S("PLAIN LOGIN"));
}

static bool known(const smtp_session *s, span mechanism)
{
	return span_eqi(mechanism, S("PLAIN")) || span_eqi(mechanism, S("LOGIN")) ||
	       (s->limits->scram && span_eqi(mechanism, S("SCRAM-SHA-256")));
}

/* RFC 4954, 6. A doubt is never a "no": the client keeps its password and comes again. */
static void judge(smtp_session *s, enum login_answer a, span text)
{
	switch (a) {
	case LOGIN_YES:
		s->logged_in = true;
		answer_put(s->out, 235, "2.7.0", S("welcome"));
		return;
	case LOGIN_WRONG:
		session_reply(s, 535, "5.7.8", text);
		return;
	case LOGIN_BAD:
		session_reply(s, 501, "5.5.2", text);
		return;
	case LOGIN_GONE:
		session_hang_up(s, "4.7.0", S("too many logins failed here"));
		return;
	default:
		answer_put(s->out, 454, "4.7.0", text);
		return;
	}
}

/* The client's next line. RFC 4954, 4: one that is too long ends the exchange, and is read to its end. */
static bool response(smtp_session *s, span *line, bool *too_long)
{
	enum in_result r = session_line(s, line);
	*too_long = r == IN_LONG;
	if (r == IN_OK || r == IN_LONG)
		return true;
	session_lost(s, r);
	return false;
}

/* Until the mechanism has decided. */
static void converse(smtp_session *s, span line)
{
	const smtp_keeper *k = s->keeper;
	str text = str_new(LOGIN_LINE_MAX);
	enum login_answer a;
	bool too_long = false, alive = k->auth(k->arg, true, line, &a, &text);
	while (alive && a == LOGIN_MORE) {
		answer_put(s->out, 334, NULL, str_span(&text));
		if (!response(s, &line, &too_long)) {
			str_free(&text);
			return;
		}
		line = too_long ? S("*") : span_chomp(line);
		alive = k->auth(k->arg, false, line, &a, &text);
	}
	if (!alive)
		session_keeper_gone(s);
	else if (too_long)
		session_reply(s, 500, "5.5.6", S("line too long for a login"));
	else
		judge(s, a, str_span(&text));
	str_free(&text);
}

void auth_command(smtp_session *s, span args)
{
	span rest = args, mechanism = span_word(&rest), initial = span_trim(rest);
	if (!s->limits->auth)
		session_reply(s, 502, "5.5.1", S("no logins here"));
	else if (!s->esmtp)
		session_reply(s, 503, "5.5.1", S("EHLO first"));
	else if (s->logged_in)
		session_reply(s, 503, "5.5.1", S("you are logged in"));
	else if (!s->login_allowed)
		session_reply(s, 538, "5.7.11", S("a login needs TLS here"));
	else if (!mechanism.n || span_find(initial, ' ') < initial.n)
		session_reply(s, 501, "5.5.4", S("AUTH takes a mechanism and maybe a response"));
	else if (!known(s, mechanism))
		session_reply(s, 504, "5.5.4", S("no such mechanism"));
	else if (args.n > LOGIN_LINE_MAX - 2)
		session_reply(s, 500, "5.5.6", S("line too long for a login"));
	else
		converse(s, args);
}
