#include "run/talker.h"

#include "auth/throttle.h"
#include "run/front.h"
#include "run/talk.h"

/* What is offered to the client; the keeper looks at the connection itself. */
typedef struct guest {
	bool stranger, crowded, login_allowed, xclient, xforward;
} guest;

static int serve(const talker_config *c, talk *t, in *from, out *to, const guest *g)
{
	const smtp_keeper keeper = talk_keeper(t);
	smtp_session s = {
	    .limits = c->limits,
	    .keeper = &keeper,
	    .in = from,
	    .out = to,
	    .stop = &front_stop,
	    .waiting = &front_waiting,
	    .stranger = g->stranger,
	    .xclient = g->xclient,
	    .xforward = g->xforward,
	    .crowded = g->crowded,
	    .login_allowed = g->login_allowed,
	    .tls = c->tls,
	};
	smtp_serve(&s);
	if (s.hung_up)
		front_linger(from->fd);
	return to->error ? EX_TEMPFAIL : EX_OK;
}

static int serve_one(const talker_config *c, talk *t, in *from, out *to)
{
	front_client(0);
	in_reset(from, 0);
	out_reset(to, 1);
	const guest g = {.stranger = c->stranger,
			 .xclient = c->xclient,
			 .xforward = c->xforward,
			 .login_allowed = c->login_allowed};
	return serve(c, t, from, to, &g);
}

/* Behind loopback may be a relay with all of its clients. */
static guest welcome(const talker_config *c, const peer *client)
{
	uint64_t network = client->loopback ? 0 : throttle_network(client->remote_ip);
	return (guest){.stranger = !client->loopback,
		       .xclient = nets_match(c->xclient_nets, client->remote_ip),
		       .xforward = nets_match(c->xforward_nets, client->remote_ip),
		       .crowded = !crowd_enter(c->crowd, &c->slot, network),
		       .login_allowed = c->login->loopback && client->loopback};
}

static int serve_many(const talker_config *c, talk *t, in *from, out *to)
{
	for (uint64_t served = 0; served < c->connections && !front_retiring();) {
		prefork_idle(&c->slot);
		peer client;
		int fd = front_accept(&client);
		if (fd < 0)
			continue;
		front_client(fd);
		prefork_busy(&c->slot);
		talk_connection(t, fd);
		in_reset(from, fd);
		out_reset(to, fd);
		const guest g = welcome(c, &client);
		(void)serve(c, t, from, to, &g);
		front_client(-1);
		crowd_leave(c->crowd, &c->slot);
		(void)close(from->fd); /* which is another one after STARTTLS */
		served++;
	}
	return EX_OK;
}

int talker_run(const talker_config *given, pid_t keeper)
{
	talker_config c = *given;
	front f = {.keeper = c.keeper,
		   .listening = c.listening,
		   .idle_ms = c.limits->idle_ms,
		   .sandbox_optional = c.sandbox_optional,
		   .slot = c.slot};
	talk t;
	in from;
	out to;
	if (!front_enter(&f, keeper))
		return EX_TEMPFAIL;
	c.slot = f.slot;
	out_open(&to, 1, SERVER_OUT); /* the small buffers first: they share pages */
	talk_open(&t, FRONT_KEEPER);
	in_open(&from, 0, SERVER_IN);
	from.timer = f.timer;
	talk_client(&t, &from, &to);
	int code = (c.listening ? serve_many : serve_one)(&c, &t, &from, &to);
	out_close(&to);
	in_close(&from);
	talk_close(&t);
	return code;
}
