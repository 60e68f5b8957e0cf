/* AUTH (RFC 4954) from the client's side; what is said in it is auth-answer's. */
#include <string.h>

#include "auth/answer.h"
#include "smtp/wire.h"

enum { ROUNDS_MAX = 4 }; /* no mechanism has more */

static status failed(const client *c)
{
	status st = reply_status(&c->reply);
	return status_make(EX_TEMPFAIL, st.reply, st.enhanced[0] == '4' ? st.enhanced : "4.7.0",
			   "login failed: %s", st.text);
}

static status as_failed(status st)
{
	return status_make(st.code, st.reply, st.enhanced, "login failed: %s", st.text);
}

/* Text and a line end; what was written is wiped. */
static bool say(client *c, const char *verb, str *text, status *why)
{
	str line = str_new(2 * ANSWER_MAX);
	(void)str_put(&line, span_str(verb));
	(void)str_put(&line, str_span(text));
	(void)str_put(&line, S("\r\n"));
	bool ok = client_write(c, str_span(&line), "at AUTH", why) &&
		  client_read(c, c->times.hello, "at AUTH", why);
	explicit_bzero(line.p, line.room);
	str_free(&line);
	if (text->p)
		explicit_bzero(text->p, text->room);
	return ok;
}

/* "*" ends an exchange (RFC 4954, 4). */
static void cancel(client *c)
{
	status why;
	if (client_write(c, S("*\r\n"), "at AUTH", &why))
		(void)client_read(c, c->times.hello, "at AUTH", &why);
}

static status exchange(client *c, str *text)
{
	status why;
	bool ok = say(c, "AUTH ", text, &why);
	for (int i = 0; ok && c->reply.code == 334; i++) {
		why = i < ROUNDS_MAX
			  ? answer_challenge(c->logins, reply_text_line(&c->reply, 0), text)
			  : status_doubt("it does not end");
		if (!status_is_ok(&why)) {
			cancel(c);
			return as_failed(why);
		}
		ok = say(c, "", text, &why);
	}
	if (!ok)
		return why;
	if (c->reply.code != 235)
		return failed(c);
	status st = answer_success(c->logins, reply_text_line(&c->reply, 0));
	return status_is_ok(&st) ? st : as_failed(st);
}

status client_login(client *c)
{
	str text = str_new(ANSWER_MAX);
	status st = answer_begin(c->logins, c->login_user, c->login_host, c->private,
				 span_str(c->caps.auth), &text);
	if (status_is_ok(&st) && text.n)
		st = exchange(c, &text);
	str_free(&text);
	return st;
}
