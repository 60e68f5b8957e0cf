#include "run/plan.h"

#include "base/die.h"
#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/out.h"
#include "queue/scan.h"
#include "run/state.h"

enum { PLAN_DEPTH = ALIAS_DEPTH };

typedef struct plan {
	const runner_options *opt;
	int queue_dir;
	resolver *resolver;
	int64_t now;
	str line;
	size_t shown; /* messages */
	size_t left;  /* addresses that may still be shown of this one */
	bool trouble;
} plan;

static bool asked_for(const plan *p, const char *id)
{
	for (size_t i = 0; i < p->opt->id_count; i++)
		if (strcmp(p->opt->ids[i], id) == 0)
			return true;
	return p->opt->id_count == 0;
}

static void put_words(span s, str *to)
{
	for (size_t i = 0; i < s.n; i++)
		(void)str_putc(to, (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ? ' ' : s.p[i]);
}

static void put_status(const char *verb, const status *st, str *to)
{
	(void)str_printf(to, "%s: ", verb);
	put_words(span_str(st->enhanced), to);
	(void)str_putc(to, ' ');
	put_words(span_str(st->text), to);
}

/* A hop that is left alone now is not asked, but for an operator who names the message. */
static void put_delivery(const plan *p, const resolve_answer *to, str *line)
{
	bool remote = to->kind == RESOLVE_REMOTE;
	span agent = to->agent.n ? to->agent : remote ? S("smtp-send") : S("deliver-maildir");
	span dest = to->kind == RESOLVE_MAILBOX ? to->maildir : to->next_hop;
	put_words(agent, line);
	(void)str_putc(line, ' ');
	put_words(dest, line);
	if (!remote || p->opt->id_count)
		return;
	const board_entry known = board_get(board_key(agent, dest));
	if (known.dead_until > p->now) {
		(void)str_printf(line,
				 " (left alone for %" PRId64 " s: ", known.dead_until - p->now);
		put_words(span_str(known.words), line);
		(void)str_putc(line, ')');
	}
}

static void put_line(plan *p, const char *name, const addr *a, size_t depth)
{
	str address = str_new(2 * ADDR_MAX);
	addr_write(a, &address);
	(void)str_printf(&p->line, "%s\t", name);
	for (size_t i = 0; i < depth; i++)
		(void)str_put(&p->line, S("  "));
	text_tsv(str_span(&address), &p->line);
	(void)str_putc(&p->line, '\t');
	str_free(&address);
}

/* Aliases are followed in memory alone. */
static void plan_address(plan *p, const char *name, const qmsg *m, const addr *a, size_t depth,
			 arena *mem)
{
	resolve_answer to;
	put_line(p, name, a, depth);
	resolver_sender(p->resolver, &m->env.sender.addr);
	resolve(p->resolver, a, m->size, mem, &to);
	switch (to.kind) {
	case RESOLVE_REFUSED:
		put_status(status_is_permanent(&to.why) ? "fail" : "defer", &to.why, &p->line);
		break;
	case RESOLVE_EXPAND:
		(void)str_printf(&p->line, "expand to %zu", to.target_count);
		break;
	case RESOLVE_MAILBOX:
	case RESOLVE_PROGRAM:
	case RESOLVE_REMOTE:
		put_delivery(p, &to, &p->line);
		break;
	}
	(void)str_putc(&p->line, '\n');
	if (to.kind != RESOLVE_EXPAND || depth >= PLAN_DEPTH)
		return;
	for (size_t i = 0; i < to.target_count && p->left && p->left--; i++)
		plan_address(p, name, m, &to.targets[i], depth + 1, mem);
}

static void plan_message(plan *p, const scan_entry *e, const qmsg *m, const qlog *log)
{
	p->left = ENVELOPE_RCPT_MAX; /* lists in lists may be more than anybody reads */
	for (size_t i = 0; i < log->count; i++) {
		const qlog_rcpt *r = &log->rcpts[i];
		arena mem = arena_new(16 << 20);
		if (r->event == QLOG_FAILED) {
			put_line(p, e->name, &r->path.addr, 0);
			put_status("bounce", &r->last, &p->line);
			(void)str_putc(&p->line, '\n');
		} else if (r->event == QLOG_NONE || r->event == QLOG_DEFERRED) {
			plan_address(p, e->name, m, &r->path.addr, 0, &mem);
		}
		arena_free(&mem);
	}
}

static bool plan_entry(void *arg, const scan_entry *e)
{
	plan *p = arg;
	qmsg m;
	qlog log;
	if (!asked_for(p, e->id) || (p->opt->id_count && e->where == SCAN_FAILED))
		return true;
	if (qmsg_peek(p->queue_dir, e->name, &m) != QMSG_OK)
		return true; /* gone, being written, or damaged: not tried */
	str_clear(&p->line);
	if (qlog_open(&log, p->queue_dir, &m)) {
		plan_message(p, e, &m, &log);
		qlog_close(&log);
		p->shown++;
	} else {
		warn_errno("log/%s", e->id);
		p->trouble = true;
	}
	qmsg_close(&m);
	if (!write_all(STDOUT_FILENO, str_span(&p->line))) {
		warn_errno("standard output");
		p->trouble = true;
		return false;
	}
	return true;
}

int plan_run(const runner_options *opt)
{
	plan p = {.opt = opt, .now = clock_now(), .line = str_new(64 << 20)};
	const char *wrong;
	retry_clock clock;
	p.queue_dir = file_open_dir(AT_FDCWD, opt->queue);
	if (p.queue_dir < 0) {
		warn_errno("%s", opt->queue);
		return EX_TEMPFAIL;
	}
	(void)retry_read(&clock, &wrong);
	p.resolver = resolver_open();
	bool good = opt->id_count
			? scan_all(p.queue_dir, plan_entry, &p)
			: scan_due(p.queue_dir, 0, p.now, clock.largest, plan_entry, &p, NULL);
	if (!good)
		warn_errno("%s", opt->queue);
	resolver_close(p.resolver);
	str_free(&p.line);
	(void)close(p.queue_dir);
	return good && !p.trouble && p.shown >= opt->id_count ? EX_OK : EX_TEMPFAIL;
}
