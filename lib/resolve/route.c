#include "resolve/route.h"

#include "mail/key.h"
#include "net/nexthop.h"

/* The first word is an agent where another follows it and it is no next hop of a list. */
static bool is_agent(span first, span rest)
{
	return rest.n && first.p[0] != '[' && first.p[first.n - 1] != ',' && rest.p[0] != ',' &&
	       (first.p[0] != '/' || span_find(first, ',') == first.n);
}

const char *route_parse(span value, span *agent, span *next_hop)
{
	span rest = value, first = span_word(&rest);
	rest = span_trim(rest);
	bool agent_first = is_agent(first, rest);
	*agent = agent_first ? first : S("");
	*next_hop = agent_first ? rest : span_trim(value);
	if (!next_hop->n)
		return "no next hop";
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < 0x20 && value.p[i] != '\t')
			return "a control octet";
	return !agent->n || span_eq(*agent, S("smtp-send")) ? nexthop_check(*next_hop) : NULL;
}

static void refuse(resolve_answer *out, status why)
{
	out->kind = RESOLVE_REFUSED;
	out->why = why;
}

static enum table_result route_in(resolver *r, table *t, span key, arena *a, resolve_answer *out)
{
	span value, rule;
	status fault;
	enum table_result got = book_get(r, t, true, key, a, &value, &rule, &fault);
	if (got == TABLE_ERROR)
		refuse(out, fault);
	if (got != TABLE_FOUND)
		return got;
	out->rule = rule;
	const char *wrong = route_parse(value, &out->agent, &out->next_hop);
	if (wrong) {
		refuse(out, book_fault_at(t, key, wrong));
		return TABLE_ERROR;
	}
	out->kind = RESOLVE_REMOTE;
	return TABLE_FOUND;
}

enum table_result route_exact(resolver *r, span domain, arena *a, resolve_answer *out)
{
	return route_in(r, r->routes, domain, a, out);
}

/* By who sends: his address, then "@domain". */
static enum table_result route_sender(resolver *r, arena *a, resolve_answer *out)
{
	enum table_result got = TABLE_ABSENT;
	if (!r->sender || r->sender->null)
		return got;
	span domain = r->sender->domain.n ? r->sender->domain : r->home;
	for (int i = 0; i < 2 && got == TABLE_ABSENT; i++) {
		str key = str_new(4096);
		key_write(i ? S("") : r->sender->local, domain, &key);
		got = route_in(r, r->sender_routes, str_span(&key), a, out);
		str_free(&key);
	}
	return got;
}

void route_answer(resolver *r, span domain, arena *a, resolve_answer *out)
{
	enum table_result got = route_exact(r, domain, a, out);
	for (size_t i = 1; got == TABLE_ABSENT && i + 1 < domain.n; i++)
		if (domain.p[i] == '.')
			got = route_exact(r, span_sub(domain, i, domain.n), a, out);
	if (got == TABLE_ABSENT)
		got = route_sender(r, a, out);
	if (got == TABLE_ABSENT)
		got = route_exact(r, S("*"), a, out);
	if (got != TABLE_ABSENT)
		return;
	out->kind = RESOLVE_REMOTE;
	out->agent = S("");
	out->next_hop = domain;
	out->rule = S("by MX");
}
