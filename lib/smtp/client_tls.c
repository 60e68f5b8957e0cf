/* STARTTLS (RFC 3207) from the client's side. Whatever fails of it is temporary. */
#include <stdio.h>

#include "smtp/wire.h"

/* Octets behind the 220 came in the clear, and would be taken for the server's protected words. */
static status ask(client *c)
{
	status why = status_ok();
	if (!client_write(c, S("STARTTLS\r\n"), "at STARTTLS", &why) ||
	    !client_read(c, c->times.hello, "at STARTTLS", &why))
		return why;
	if (c->reply.code != 220)
		return reply_status(&c->reply);
	if (in_buffered(&c->in))
		return status_make(EX_TEMPFAIL, 0, "4.7.5",
				   "plaintext behind the answer to STARTTLS");
	return why;
}

static status start(client *c, span name)
{
	tls_facts facts;
	tls_want want = {.name = c->tls_name, .verify = c->level == SECURE_VERIFY};
	char words[TLS_WHY_MAX];
	status st = ask(c);
	if (!status_is_ok(&st))
		return st;
	int plain = tls_start(c->tls, c->fd, &want, &facts, words);
	client_drop(c);
	if (plain < 0)
		return status_make(EX_TEMPFAIL, 0, "4.7.5", "TLS: %s", words);
	c->fd = plain;
	c->caps = (smtp_caps){.esmtp = false};
	in_reset(&c->in, plain);
	out_reset(&c->out, plain);
	(void)snprintf(c->tls_used, sizeof c->tls_used, "%s%s", facts.version,
		       facts.verified ? ",verified" : "");
	c->private = c->private || facts.verified;
	return client_hello(c, name);
}

status client_secure(client *c, span name)
{
	bool offered = c->caps.starttls && c->level != SECURE_NONE;
	if (!offered && c->level <= SECURE_MAY)
		return status_ok();
	if (!offered)
		return status_make(EX_TEMPFAIL, 0, "4.7.4", "%s offers no TLS", c->tls_name);
	if (!c->tls || !tls_service_ready(c->tls))
		return c->level == SECURE_MAY ? status_ok()
					      : status_make(EX_TEMPFAIL, 0, "4.7.5", "TLS: %s",
							    c->tls ? c->tls->why : "there is none");
	status st = start(c, name);
	if (!status_is_ok(&st))
		st.code = EX_TEMPFAIL;
	return st;
}
