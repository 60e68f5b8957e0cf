#include "queue/choose.h"

#include <stdlib.h>

#include "base/die.h"

enum { MEM_MAX = 4 << 20 };

choice choice_new(void)
{
	return (choice){.mem = arena_new(MEM_MAX)};
}

void choice_free(choice *c)
{
	free(c->senders.v);
	free(c->rcpts.v);
	free(c->hops);
	arena_free(&c->mem);
	*c = choice_new();
}

/* "*@DOMAIN": read as an address whose local part is "x", so that the domain is checked as any other. */
static bool parse(span text, arena *mem, choose_pattern *p)
{
	str with = str_new(2 * ADDR_MAX);
	/* "*" or "*x@y.test" is a mistake about patterns; "\"*x\"@y.test" is that address. */
	if (text.n && text.p[0] == '*' && (text.n < 2 || text.p[1] != '@'))
		return false;
	p->domain_only = text.n > 2 && text.p[0] == '*' && text.p[1] == '@';
	if (p->domain_only)
		(void)str_putc(&with, 'x');
	(void)str_put(&with, p->domain_only ? span_sub(text, 1, text.n) : text);
	span copy = with.over ? S("") : arena_dup(mem, str_span(&with));
	str_free(&with);
	return copy.p && copy.n && addr_mailbox(copy, mem, &p->addr) == ADDR_OK &&
	       (!p->domain_only || p->addr.domain.n);
}

bool choice_add(choice *c, choose_list *l, span text)
{
	choose_pattern p;
	if (l->count == CHOOSE_MAX || !parse(text, &c->mem, &p))
		return false;
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 4;
		l->v = xrealloc(l->v, l->room, sizeof *l->v);
	}
	l->v[l->count++] = p;
	return true;
}

bool choice_add_hop(choice *c, span hop)
{
	if (hop.n == 0 || c->hop_count == CHOOSE_MAX)
		return false;
	c->hops = xrealloc(c->hops, c->hop_count + 1, sizeof *c->hops);
	c->hops[c->hop_count++] = hop;
	return true;
}

bool choose_match(const choose_pattern *p, const addr *a)
{
	if (!p->domain_only)
		return addr_eq(&p->addr, a);
	return !a->null && span_eqi(p->addr.domain, a->domain);
}

static bool any(const choose_list *l, const addr *a)
{
	for (size_t i = 0; i < l->count; i++)
		if (choose_match(&l->v[i], a))
			return true;
	return false;
}

bool choose_waits(const qlog_rcpt *r)
{
	return r->event == QLOG_NONE || r->event == QLOG_DEFERRED || r->event == QLOG_FAILED;
}

bool choose_message(const choice *c, const envelope *e, const qlog *log)
{
	if (c->senders.count && !any(&c->senders, &e->sender.addr))
		return false;
	if (c->rcpts.count == 0)
		return true;
	for (size_t i = 0; i < log->count; i++)
		if (choose_waits(&log->rcpts[i]) && any(&c->rcpts, &log->rcpts[i].path.addr))
			return true;
	return false;
}

bool choose_hop(const choice *c, span hop)
{
	for (size_t i = 0; i < c->hop_count; i++)
		if (span_eqi(c->hops[i], hop))
			return true;
	return c->hop_count == 0;
}
