/* How a session begins: greeting, EHLO or what came before it, login. */
#include "smtp/wire.h"

/* A reply that refuses the session. 5yz to the greeting or to EHLO is most often about us today (a
 * list of addresses, a server that starts): temporary, so that the other hosts and later attempts
 * have their chance. 521 says that this is no mail host at all. */
static status refused(const client *c)
{
	status st = reply_status(&c->reply);
	if (c->reply.code != 521)
		st.code = EX_TEMPFAIL;
	return st;
}

static bool hello(client *c, const char *verb, span name, status *why)
{
	str_clear(&c->commands);
	(void)str_printf(&c->commands, "%s %.*s\r\n", verb, SPAN_FMT(name));
	return client_write(c, str_span(&c->commands), "at EHLO", why) &&
	       client_read(c, c->times.hello, "at EHLO", why);
}

status client_hello(client *c, span name)
{
	status why = status_ok();
	if (!hello(c, c->lmtp ? "LHLO" : "EHLO", name, &why))
		return why;
	if (c->reply.code / 100 == 2) {
		smtp_caps_read(&c->caps, &c->reply);
		return status_ok();
	}
	/* RFC 5321, 3.2: a server of old does not know EHLO */
	if (c->reply.code / 100 != 5 || c->reply.code == 521 || c->lmtp)
		return refused(c);
	if (!hello(c, "HELO", name, &why))
		return why;
	return c->reply.code / 100 == 2 ? status_ok() : refused(c);
}

static status greet(client *c, span name)
{
	status why = status_ok();
	if (!client_read(c, c->times.greeting, "before the greeting", &why))
		return why;
	return c->reply.code == 220 ? client_hello(c, name) : refused(c);
}

status client_start(client *c, int fd, span name)
{
	c->fd = fd;
	c->caps = (smtp_caps){.esmtp = false};
	c->open = false;
	c->messages = 0;
	in_reset(&c->in, fd);
	out_reset(&c->out, fd);
	c->no_tls = false;
	c->tls_used[0] = 0;
	status st = greet(c, name);
	if (status_is_ok(&st)) {
		st = client_secure(c, name);
		c->no_tls = !status_is_ok(&st);
	}
	if (status_is_ok(&st) && (c->logins || c->login_user.n))
		st = client_login(c);
	if (!status_is_ok(&st))
		client_drop(c);
	return st;
}
