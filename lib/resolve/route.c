#include "resolve/route.h"

static bool host_octets(span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (!ascii_alnum(c) && c != '-' && c != '.' && c != '_' && c != ':' && c < 0x80)
			return false;
	}
	return s.n > 0 && s.n <= ADDR_DOMAIN_MAX;
}

/* What smtp-send understands: a domain (by MX), [HOST] or [HOST]:PORT. */
static bool smtp_next_hop(span s)
{
	uint64_t port;
	if (s.p[0] != '[')
		return host_octets(s) && span_find(s, ':') == s.n;
	size_t close = span_find(s, ']');
	if (close == s.n || !host_octets(span_sub(s, 1, close)))
		return false;
	span rest = span_sub(s, close + 1, s.n);
	return !rest.n ||
	       (rest.p[0] == ':' && span_u64(span_sub(rest, 1, rest.n), 65535, &port) && port > 0);
}

const char *route_parse(span value, span *agent, span *next_hop)
{
	span rest = value, first = span_word(&rest);
	rest = span_trim(rest);
	*agent = rest.n ? first : S("");
	*next_hop = rest.n ? rest : first;
	if (!next_hop->n)
		return "no next hop";
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < 0x20 && value.p[i] != '\t')
			return "a control octet";
	if ((!agent->n || span_eq(*agent, S("smtp-send"))) && !smtp_next_hop(*next_hop))
		return "next hop is no domain, [HOST] or [HOST]:PORT";
	return NULL;
}

static void refuse(resolve_answer *out, status why)
{
	out->kind = RESOLVE_REFUSED;
	out->why = why;
}

enum table_result route_exact(resolver *r, span domain, arena *a, resolve_answer *out)
{
	span value, rule;
	status fault;
	enum table_result got = book_get(r, r->routes, true, domain, a, &value, &rule, &fault);
	if (got == TABLE_ERROR)
		refuse(out, fault);
	if (got != TABLE_FOUND)
		return got;
	out->rule = rule;
	const char *wrong = route_parse(value, &out->agent, &out->next_hop);
	if (wrong) {
		refuse(out, book_fault_at(r->routes, domain, wrong));
		return TABLE_ERROR;
	}
	out->kind = RESOLVE_REMOTE;
	return TABLE_FOUND;
}

void route_answer(resolver *r, span domain, arena *a, resolve_answer *out)
{
	enum table_result got = route_exact(r, domain, a, out);
	for (size_t i = 1; got == TABLE_ABSENT && i + 1 < domain.n; i++)
		if (domain.p[i] == '.')
			got = route_exact(r, span_sub(domain, i, domain.n), a, out);
	if (got == TABLE_ABSENT)
		got = route_exact(r, S("*"), a, out);
	if (got != TABLE_ABSENT)
		return;
	out->kind = RESOLVE_REMOTE;
	out->agent = S("");
	out->next_hop = domain;
	out->rule = S("by MX");
}
