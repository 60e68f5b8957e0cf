#include "run/route.h"

#include "base/die.h"
#include "io/user.h"
#include "run/hop.h"

static void done(task *t, size_t n, status st)
{
	t->rcpts[n - 1].state = RCPT_DONE;
	t->rcpts[n - 1].st = st;
	t->rcpts[n - 1].put_off = 0;
}

static bool settled(enum qlog_event e)
{
	return e == QLOG_DELIVERED || e == QLOG_RELAYED || e == QLOG_EXPANDED || e == QLOG_FAILED ||
	       e == QLOG_BOUNCED;
}

static void grow(task *t)
{
	if (t->log.count <= t->room)
		return;
	size_t room = t->log.count < 8 ? 8 : t->log.count * 2;
	t->rcpts = xrealloc(t->rcpts, room, sizeof *t->rcpts);
	memset(t->rcpts + t->room, 0, (room - t->room) * sizeof *t->rcpts);
	t->room = room;
}

static bool known(const qlog *log, const addr *a)
{
	for (size_t i = 0; i < log->count; i++)
		if (addr_eq(&log->rcpts[i].path.addr, a))
			return true;
	return false;
}

/* NULL, or why the targets of recipient n cannot be taken. */
static const char *refuse_targets(const qlog *log, size_t n, const resolve_answer *to)
{
	size_t depth = 0;
	for (size_t i = n; i; i = log->rcpts[i - 1].parent) {
		if (++depth > ALIAS_DEPTH)
			return "aliases are nested too deep";
		for (size_t k = 0; k < to->target_count; k++)
			if (addr_eq(&log->rcpts[i - 1].path.addr, &to->targets[k]))
				return "an alias that leads to itself";
	}
	if (to->target_count > ENVELOPE_RCPT_MAX - log->count)
		return "an alias with too many members";
	return NULL;
}

/* Who is a recipient already gets one copy (RFC 5321, 3.9.2 leaves that to us; everybody wants it so). */
static void expand(task *t, size_t n, const resolve_answer *to)
{
	const status ok = status_ok();
	const char *wrong = refuse_targets(&t->log, n, to);
	if (wrong) {
		str name = str_new(1024);
		addr_write(&t->log.rcpts[n - 1].path.addr, &name);
		done(t, n,
		     status_doubt("%s: %.300s (%.*s)", str_cstr(&name), wrong, SPAN_FMT(to->rule)));
		str_free(&name);
		return;
	}
	for (size_t k = 0; k < to->target_count; k++)
		if (!known(&t->log, &to->targets[k]) && !qlog_expand(&t->log, n, &to->targets[k]))
			break;
	qlog_record(&t->log, n, QLOG_EXPANDED, &ok, NULL);
	if (t->log.error)
		done(t, n, status_doubt("log/%s: %s", t->m.id, strerror(t->log.error)));
}

/* What talks to the network is never root: it becomes the owner of the queue. */
static worker_owner network_owner(void)
{
	static worker_owner o;
	static bool asked;
	if (!asked)
		o.set = geteuid() == 0 && user_find("mailq", &o.uid, &o.gid) && o.uid != 0;
	asked = true;
	return o;
}

static void assign(runner *r, task *t, size_t n, const resolve_answer *to)
{
	task_rcpt *c = &t->rcpts[n - 1];
	c->remote = to->kind == RESOLVE_REMOTE;
	worker_owner owner = c->remote ? network_owner() : (worker_owner){.set = false};
	c->dest = to->kind == RESOLVE_MAILBOX ? to->maildir : to->next_hop;
	if (!c->remote && to->has_owner && geteuid() == 0)
		owner = (worker_owner){true, to->uid, to->gid};
	c->agent = to->agent.n ? to->agent : c->remote ? S("smtp-send") : S("deliver-maildir");
	c->hop = hop_get(r, c->agent, c->remote ? c->dest : S(""), !c->remote, &owner);
	c->state = RCPT_WAITS;
}

static bool route_one(runner *r, task *t, size_t n)
{
	resolve_answer to;
	resolver_sender(r->resolver, &t->m.env.sender.addr);
	resolve(r->resolver, &t->log.rcpts[n - 1].path.addr, t->m.size, &t->mem, &to);
	switch (to.kind) {
	case RESOLVE_REFUSED:
		done(t, n, to.why);
		return false;
	case RESOLVE_EXPAND:
		expand(t, n, &to);
		return true;
	case RESOLVE_MAILBOX:
	case RESOLVE_PROGRAM:
	case RESOLVE_REMOTE:
		break;
	}
	assign(r, t, n, &to);
	return false;
}

void route_task(runner *r, task *t)
{
	for (size_t n = 1; n <= t->log.count; n++) {
		grow(t);
		if (settled(t->log.rcpts[n - 1].event))
			t->rcpts[n - 1].state = RCPT_SETTLED;
		else if (route_one(r, t, n))
			t->expanded = true;
	}
}

void route_confirm(task *t)
{
	if (!t->expanded || qlog_sync(&t->log))
		return;
	status st = status_doubt("log/%s: %s", t->m.id, strerror(t->log.error));
	for (size_t n = 1; n <= t->log.count; n++)
		if (t->rcpts[n - 1].state == RCPT_WAITS)
			done(t, n, st);
}
