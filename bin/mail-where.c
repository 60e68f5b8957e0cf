/* mail-where(1): what would happen to mail for an address. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/die.h"
#include "io/log.h"
#include "io/out.h"
#include "io/proc.h"
#include "resolve/expand.h"

enum { ARENA_MAX = 256 << 20 };

static const char usage[] = "usage: mail-where [-j] [-f SENDER] [-s OCTETS] ADDRESS…\n";

static const char *const kinds[] = {"mailbox", "alias", "remote", "program", "refused"};

static void put_address(out *o, const addr *a)
{
	str text = str_new(1024);
	addr_write(a, &text);
	out_put(o, str_span(&text));
	str_free(&text);
}

static void put_owner(out *o, const resolve_answer *a)
{
	if (a->has_owner)
		out_printf(o, " uid=%lu gid=%lu", (unsigned long)a->uid, (unsigned long)a->gid);
	if (a->quota)
		out_printf(o, " quota=%llu", (unsigned long long)a->quota);
}

/* One line a step: the address, indented by its depth, what becomes of it, and the rule. */
static void put_line(out *o, const expand_step *s)
{
	const resolve_answer *a = &s->answer;
	for (size_t i = 0; i < s->depth; i++)
		out_puts(o, "  ");
	put_address(o, &a->address);
	if (s->repeated) {
		out_puts(o, ": as above\n");
		return;
	}
	switch (a->kind) {
	case RESOLVE_MAILBOX:
		out_puts(o, ": mailbox ");
		out_put(o, a->maildir);
		put_owner(o, a);
		break;
	case RESOLVE_EXPAND:
		out_printf(o, ": alias of %zu", a->target_count);
		break;
	case RESOLVE_REMOTE:
		out_puts(o, ": remote by ");
		out_put(o, a->agent.n ? a->agent : S("smtp-send"));
		out_puts(o, " to ");
		out_put(o, a->next_hop);
		break;
	case RESOLVE_PROGRAM:
		out_puts(o, ": program ");
		out_put(o, a->next_hop);
		put_owner(o, a);
		break;
	case RESOLVE_REFUSED:
		out_printf(o, ": refused %d %s %s", a->why.reply, a->why.enhanced, a->why.text);
		break;
	}
	if (a->rule.n) {
		out_puts(o, " (");
		out_put(o, a->rule);
		out_putc(o, ')');
	}
	out_putc(o, '\n');
}

static void put_string(out *o, const char *key, span value)
{
	out_printf(o, ",\"%s\":\"", key);
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];
		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
			out_printf(o, "\\u%04x", c);
		else
			out_putc(o, (char)c);
	}
	out_putc(o, '"');
}

static void put_json(out *o, const expand_step *s)
{
	const resolve_answer *a = &s->answer;
	str address = str_new(1024);
	addr_write(&a->address, &address);
	out_printf(o, "{\"depth\":%zu", s->depth);
	put_string(o, "address", str_span(&address));
	put_string(o, "kind", span_str(s->repeated ? "repeated" : kinds[a->kind]));
	if (a->kind == RESOLVE_MAILBOX)
		put_string(o, "maildir", a->maildir);
	if (a->has_owner)
		out_printf(o, ",\"uid\":%lu,\"gid\":%lu", (unsigned long)a->uid,
			   (unsigned long)a->gid);
	if (a->quota)
		out_printf(o, ",\"quota\":%llu", (unsigned long long)a->quota);
	if (a->kind == RESOLVE_REMOTE || a->kind == RESOLVE_PROGRAM) {
		put_string(o, "agent", a->agent.n ? a->agent : S("smtp-send"));
		put_string(o, "next_hop", a->next_hop);
	}
	if (a->kind == RESOLVE_REFUSED) {
		out_printf(o, ",\"reply\":%d", a->why.reply);
		put_string(o, "enhanced", span_str(a->why.enhanced));
		put_string(o, "text", span_str(a->why.text));
	}
	put_string(o, "rule", a->rule);
	out_puts(o, "}\n");
	str_free(&address);
}

/* 0, 67 or 75 for one address; a doubt anywhere goes before "no such user". */
static int show(resolver *r, const char *text, uint64_t size, bool json, out *o)
{
	arena mem = arena_new(ARENA_MAX);
	expansion e;
	addr a;
	int code = EX_USAGE;
	if (addr_mailbox(span_str(text), &mem, &a) != ADDR_OK) {
		warn("not an address: %s", text);
	} else {
		resolve_full(r, &a, size, &mem, &e);
		for (size_t i = 0; i < e.count; i++)
			json ? put_json(o, &e.steps[i]) : put_line(o, &e.steps[i]);
		code = status_is_permanent(&e.worst) ? EX_NOUSER : e.worst.code;
		if (!status_is_ok(&e.worst) && !e.count)
			warn("%s", e.worst.text);
	}
	arena_free(&mem);
	return code;
}

static int worse(int a, int b)
{
	if (a == EX_TEMPFAIL || b == EX_TEMPFAIL)
		return EX_TEMPFAIL;
	return a > b ? a : b;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {{"json", 0, NULL, 'j'},
					      {"from", 1, NULL, 'f'},
					      {"size", 1, NULL, 's'},
					      {"help", 0, NULL, 'h'},
					      {0}};
	bool json = false;
	const char *from = NULL;
	addr sender;
	arena mem = arena_new(1 << 16);
	uint64_t size = 0;
	int c, code = EX_OK;
	proc_start(argv[0]);
	while ((c = getopt_long(argc, argv, "f:jhs:", longs, NULL)) != -1) {
		if (c == 'h')
			return fputs(usage, stdout) < 0 || fflush(stdout) ? EX_IOERR : EX_OK;
		if (c == 'j')
			json = true;
		else if (c == 'f')
			from = optarg;
		else if (c != 's' || !span_u64(span_str(optarg), INT64_MAX, &size)) {
			(void)fputs(usage, stderr);
			return EX_USAGE;
		}
	}
	if (optind == argc) {
		(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	if (from && addr_mailbox(span_str(from), &mem, &sender) != ADDR_OK)
		die(EX_USAGE, "not an address: %s", from);
	resolver *r = resolver_open();
	resolver_sender(r, from ? &sender : NULL);
	resolver_explain(r, true);
	out o;
	out_open(&o, STDOUT_FILENO, 65536);
	for (int i = optind; i < argc; i++)
		code = worse(code, show(r, argv[i], size, json, &o));
	bool told = out_flush(&o);
	out_close(&o);
	resolver_close(r);
	arena_free(&mem);
	if (!told)
		die_errno(EX_IOERR, "standard output");
	return code;
}
