#include "run/login_try.h"

#include "io/control.h"
#include "io/proc.h"

void login_rules_read(login_rules *r)
{
	arena mem = arena_new(4096);
	span value;
	*r = (login_rules){.scram = !control_exists("checkpassword"), .gate = -1};
	if (control_value("login-without-tls", &mem, &value) == CONTROL_OK)
		r->loopback = span_eq(value, S("loopback"));
	arena_free(&mem);
}

void login_try_begin(login_try *t, const login_rules *r, const peer *p, bool tls)
{
	login_try_end(t);
	*t = (login_try){.rules = r, .allowed = tls || (r->loopback && p->loopback)};
	if (p->remote_ip[0])
		(void)peer_to_env(p);
	else
		(void)unsetenv("TCPREMOTEIP");
}

void login_try_end(login_try *t)
{
	login_helper_end(&t->helper);
	login_account_free(&t->account);
	t->yes = false;
}

/* One line to the helper; nothing of it can be two. */
static enum login_answer ask(login_try *t, span line, str *text)
{
	enum login_answer a = LOGIN_BAD;
	bool one = line.n < LOGIN_LINE_MAX &&
		   (!line.n || (!memchr(line.p, '\n', line.n) && !memchr(line.p, 0, line.n)));
	str_clear(text);
	if (one)
		a = login_helper_ask(&t->helper, line, text, &t->account);
	else
		login_helper_end(&t->helper);
	if (a == LOGIN_TEMP && !text->n)
		(void)str_put(text, S("something is wrong here, try again later"));
	t->yes = a == LOGIN_YES;
	return a;
}

enum login_answer login_try_start(login_try *t, span line, str *text)
{
	login_helper_end(&t->helper);
	str_clear(text);
	if (t->yes || ++t->tries > LOGIN_TRIES)
		return LOGIN_GONE;
	if (!t->allowed) {
		(void)str_put(text, S("a login needs TLS here"));
		return LOGIN_BAD;
	}
	if (!login_helper_start(&t->helper, t->rules->gate)) {
		(void)str_put(text, S("something is wrong here, try again later"));
		return LOGIN_TEMP;
	}
	return ask(t, line, text);
}

enum login_answer login_try_respond(login_try *t, span line, str *text)
{
	return t->yes ? LOGIN_GONE : ask(t, line, text);
}
