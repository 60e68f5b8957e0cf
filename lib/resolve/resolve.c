/* The order of the rules is in resolve.h. Every function below either decides (true: the answer is
 * filled) or says that the next rule is to be asked. */
#include "resolve/resolve.h"

#include <stdlib.h>

#include "io/control.h"
#include "mail/key.h"
#include "resolve/book.h"
#include "resolve/forward.h"
#include "resolve/mailbox.h"
#include "resolve/return_path.h"
#include "resolve/route.h"
#include "resolve/target.h"

typedef struct question {
	resolver *r;
	arena *mem;
	uint64_t size;
	resolve_answer *out;
	span local, domain; /* of ours: the domain as the tables have it */
	span key;	    /* local@domain */
	bool self;	    /* an alias led back to the key */
	span base, ext;	    /* of user+ext; base "" without */
} question;

static bool refuse(resolve_answer *out, status why)
{
	out->kind = RESOLVE_REFUSED;
	out->why = why;
	return true;
}

static int compare_spans(const void *a, const void *b)
{
	return span_cmp(*(const span *)a, *(const span *)b);
}

static bool listed(const resolver *r, span domain)
{
	return r->domain_count &&
	       bsearch(&domain, r->domains, r->domain_count, sizeof domain, compare_spans) != NULL;
}

/* "[192.0.2.1]" where that is the address the client is connected to (RFC 5321, 4.1.3). */
static bool own_literal(span domain)
{
	span ip = span_str(getenv("TCPLOCALIP"));
	return ip.n && domain.n == ip.n + 2 && domain.p[0] == '[' &&
	       span_eqi(span_sub(domain, 1, domain.n - 1), ip);
}

/* *as is the domain that the tables have it under. */
static bool is_ours(const resolver *r, span domain, span *as)
{
	*as = domain;
	if (domain.n && domain.p[0] != '[' && listed(r, domain))
		return true;
	*as = r->home;
	return domain.n == 0 || span_eqi(domain, r->me) || listed(r, domain) || own_literal(domain);
}

static span make_key(question *q, span local, span domain)
{
	str key = str_new(4096);
	key_write(local, domain, &key);
	span kept = arena_dup(q->mem, str_span(&key));
	str_free(&key);
	return kept;
}

static span key_of(question *q, const addr *a)
{
	return make_key(q, a->local, a->domain.n ? a->domain : q->r->home);
}

/* A target that is the alias itself means its mailbox: "alice+" is looked up as a user first. A target
 * that is the address in question would only come back here for ever. */
static const char *untie(question *q, span alias, addr *t)
{
	span key = key_of(q, t);
	if (!key.p)
		return "too many targets";
	if (span_eq(key, alias)) {
		str local = str_new(ADDR_LOCAL_MAX + 1);
		(void)str_put(&local, t->local);
		(void)str_putc(&local, '+');
		t->local = arena_dup(q->mem, str_span(&local));
		str_free(&local);
		key = t->local.p ? key_of(q, t) : (span){NULL, 0};
		if (!key.p)
			return "too many targets";
	}
	q->self = q->self || span_eq(key, q->key);
	return span_eq(key, q->key) ? "an alias that leads to itself" : NULL;
}

/* The targets; NULL, or what is wrong with them. */
static const char *take_targets(question *q, span alias, span value)
{
	resolve_answer *out = q->out;
	const char *wrong = target_parse(value, q->mem, &out->targets, &out->target_count);
	for (size_t i = 0; !wrong && i < out->target_count; i++) {
		addr *t = &out->targets[i];
		if (!t->local.n && !span_starts(alias, S("@")))
			return "a whole domain as the target of one address";
		if (!t->local.n)
			t->local = q->local; /* "@a.test:@b.test": the same user there */
		wrong = untie(q, alias, &out->targets[i]);
		if (!out->targets[i].domain.n)
			out->targets[i].domain = q->r->home;
	}
	return wrong;
}

static bool try_alias(question *q, span key)
{
	span value, rule;
	status fault;
	resolve_answer *out = q->out;
	switch (book_get(q->r, q->r->aliases, true, key, q->mem, &value, &rule, &fault)) {
	case TABLE_ERROR:
		return refuse(out, fault);
	case TABLE_FOUND:
		break;
	default:
		return false;
	}
	out->rule = rule;
	const char *wrong = take_targets(q, key, value);
	if (wrong && q->self && q->base.n && !span_starts(key, S("@")))
		return false; /* alice: alice+new, asked for alice+new: its mailbox */
	if (wrong)
		return refuse(out, book_fault_at(q->r->aliases, key, wrong));
	out->kind = RESOLVE_EXPAND;
	return true;
}

static bool try_user(question *q, span key, span ext)
{
	span value, rule;
	status fault;
	switch (book_get(q->r, q->r->users, false, key, q->mem, &value, &rule, &fault)) {
	case TABLE_ERROR:
		return refuse(q->out, fault);
	case TABLE_FOUND:
		break;
	default:
		return false;
	}
	q->out->rule = rule;
	mailbox_answer(q->r, key, value, ext, q->size, q->mem, q->out);
	return true;
}

static bool try_extension(question *q)
{
	if (!q->base.n)
		return false;
	span key = make_key(q, q->base, q->domain);
	if (!key.p)
		return refuse(q->out, status_doubt("address too long"));
	/* "alice+" is what an alias that names itself leaves behind: the mailbox comes first. */
	if (!q->ext.n)
		return try_user(q, key, q->ext) || try_alias(q, key);
	return try_alias(q, key) || try_user(q, key, q->ext);
}

static bool try_system(question *q)
{
	if (!span_eq(q->domain, q->r->home))
		return false;
	if (!control_exists("system-users"))
		return errno ? refuse(q->out, status_doubt("control/system-users cannot be read"))
			     : false;
	q->out->rule = S("control/system-users");
	size_t bar = span_find(q->local, '|');
	span sum = bar < q->local.n ? span_sub(q->local, bar + 1, q->local.n) : S("");
	span name = sum.n == FORWARD_SUM ? span_sub(q->local, 0, bar) : q->local;
	if (sum.n != FORWARD_SUM)
		sum = S("");
	span user = make_key(q, name, S("")), base = make_key(q, q->base, S(""));
	enum table_result r = mailbox_system(q->r, user, S(""), sum, false, q->mem, q->out);
	/* "user+": the mailbox, as .forward says "\\user" */
	if (r == TABLE_ABSENT && base.n)
		r = mailbox_system(q->r, base, q->ext, S(""), !q->ext.n, q->mem, q->out);
	return r != TABLE_ABSENT;
}

/* RFC 5321, 4.5.1: postmaster is there in every domain that we serve; if nobody was named, that is
 * the operator's mistake, not the sender's. */
static bool try_postmaster(question *q)
{
	if (!span_eqi(q->local, S("postmaster")))
		return false;
	span key = make_key(q, S("postmaster"), q->r->home);
	if (!key.p)
		return refuse(q->out, status_doubt("out of room"));
	if (!span_eq(q->domain, q->r->home) && (try_alias(q, key) || try_user(q, key, S(""))))
		return true;
	return refuse(q->out, book_fault(table_path(q->r->aliases), 0, "names no postmaster"));
}

/* A bounce of mail that we forwarded: to whom it came from. */
static bool try_srs(question *q)
{
	status fault;
	resolve_answer *out = q->out;
	addr *to = arena_alloc(q->mem, sizeof *to);
	if (!to)
		return refuse(out, status_doubt("out of room"));
	enum table_result r = return_path_unwrap(q->local, q->mem, to, &fault);
	if (r == TABLE_ERROR)
		return refuse(out, book_fault("control/srs-secret", 0, fault.text));
	if (r != TABLE_FOUND)
		return false;
	out->kind = RESOLVE_EXPAND;
	out->targets = to;
	out->target_count = 1;
	out->rule = S("control/srs-secret");
	return true;
}

/* An alias named itself, and no mailbox was there to be meant. */
static bool tied(question *q)
{
	if (!q->self)
		return false;
	return refuse(q->out, book_fault(table_path(q->r->aliases), 0,
					 "an alias that leads to itself, where no mailbox is"));
}

/* An empty table is a table that somebody emptied; "no such user" for everybody would be rash. */
static bool nobody_at_all(question *q)
{
	uint64_t at = 0;
	span key, value;
	if (table_next(q->r->users, &at, q->mem, &key, &value) != TABLE_ABSENT ||
	    control_exists("system-users"))
		return false;
	return refuse(q->out, book_fault(table_path(q->r->users), 0, "has no entry"));
}

static void resolve_ours(question *q)
{
	size_t plus = span_find(q->local, '+');
	if (plus > 0 && plus < q->local.n) {
		q->base = span_sub(q->local, 0, plus);
		q->ext = span_sub(q->local, plus + 1, q->local.n);
	}
	span catch_all = make_key(q, S(""), q->domain);
	q->key = make_key(q, q->local, q->domain);
	if (!q->key.p || !catch_all.p) {
		(void)refuse(q->out, status_doubt("address too long"));
		return;
	}
	if (try_alias(q, q->key) || try_user(q, q->key, S("")) || try_extension(q) ||
	    try_system(q) || tied(q) || try_srs(q) || try_alias(q, catch_all) ||
	    route_exact(q->r, q->domain, q->mem, q->out) != TABLE_ABSENT || try_postmaster(q) ||
	    nobody_at_all(q))
		return;
	q->out->rule = S("no rule");
	(void)refuse(q->out, status_make(EX_NOUSER, 550, "5.1.1", "no such user"));
}

/* The address with its domain in lower case, in the arena. */
static bool normalize(const addr *a, span home, arena *mem, addr *to)
{
	*to = *a;
	to->local = arena_dup(mem, a->local);
	to->domain = arena_dup(mem, a->domain.n ? a->domain : home);
	if (!to->local.p || !to->domain.p)
		return false;
	char *domain = arena_cstr(mem, to->domain);
	if (!domain)
		return false;
	for (size_t i = 0; i < to->domain.n; i++)
		domain[i] = ascii_lower(domain[i]);
	to->domain.p = domain;
	return true;
}

void resolve(resolver *r, const addr *a, uint64_t size, arena *mem, resolve_answer *out)
{
	question q = {.r = r, .mem = mem, .size = size, .out = out};
	*out = (resolve_answer){.kind = RESOLVE_REFUSED, .why = status_ok()};
	out->maildir = out->ext = out->agent = out->next_hop = out->rule = S("");
	status st = book_refresh(r);
	if (!status_is_ok(&st)) {
		(void)refuse(out, st);
	} else if (a->null || !a->local.n) {
		(void)refuse(out, status_make(EX_NOUSER, 550, "5.1.3", "not a recipient"));
	} else if (!normalize(a, r->home, mem, &out->address)) {
		(void)refuse(out, status_doubt("address too long"));
	} else {
		q.local = out->address.local;
		out->ours = is_ours(r, out->address.domain, &q.domain);
		if (out->ours)
			resolve_ours(&q);
		else
			route_answer(r, out->address.domain, mem, out);
	}
	if (out->kind != RESOLVE_REFUSED)
		out->why = status_ok();
}
