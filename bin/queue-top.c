/* queue-top(1): waiting mail by destination and reason, by age. Nothing is locked. */
#include <sysexits.h>

#include "base/die.h"
#include "base/text.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/out.h"
#include "io/proc.h"
#include "queue/choose.h"
#include "queue/qadd.h"
#include "queue/scan.h"
#include "queue/top.h"

enum format { TABLE, TSV, JSON };
enum { OUT_ROOM = 65536, ROWS_MAX = 1000000000 };

static const char usage_text[] = "usage: queue-top [-s] [-T | -j] [-n ROWS]\n";

typedef struct listing {
	int queue;
	enum format format;
	bool by_sender;
	uint64_t rows; /* at most, 0: all */
	int64_t now;
	scan_entry *entries;
	size_t count, room;
	top top;
	out o;
	bool trouble;
} listing;

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

/* Names first, for a directory that is read slowly misses less. */
static bool keep(void *arg, const scan_entry *e)
{
	listing *l = arg;
	if (e->where == SCAN_FAILED)
		return true;
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 64;
		l->entries = xrealloc(l->entries, l->room, sizeof *l->entries);
	}
	l->entries[l->count++] = *e;
	return true;
}

static void reason_of(const scan_entry *e, const qlog_rcpt *r, str *to)
{
	str_clear(to);
	if (e->where == SCAN_HOLD)
		(void)str_put(to, S("held"));
	else if (r->event == QLOG_NONE)
		(void)str_put(to, S("not tried yet"));
	else if (r->event == QLOG_FAILED)
		(void)str_put(to, S("the bounce is due"));
	else if (r->last.reply)
		(void)str_printf(to, "%d %s %s", r->last.reply, r->last.enhanced, r->last.text);
	else
		(void)str_printf(to, "%s%s%s", r->last.enhanced, *r->last.enhanced ? " " : "",
				 r->last.text);
}

static void take_in(listing *l, const scan_entry *e, const qmsg *m, const qlog *log)
{
	str reason = str_new(1024);
	const addr *from = &m->env.sender.addr;
	for (size_t i = 0; i < log->count; i++) {
		const qlog_rcpt *r = &log->rcpts[i];
		if (!choose_waits(r))
			continue;
		reason_of(e, r, &reason);
		span place = l->by_sender ? from->domain : r->path.addr.domain;
		top_add(&l->top, l->by_sender && from->null ? S("<>") : place, str_span(&reason),
			l->now - m->arrived);
	}
	str_free(&reason);
}

static void read_one(listing *l, scan_entry *e)
{
	qmsg m;
	qlog log;
	enum qmsg_result r = qmsg_peek(l->queue, e->name, &m);
	if (r == QMSG_BUSY || (r == QMSG_PARTIAL && e->where == SCAN_NEW))
		return; /* gone, or being written */
	if (r != QMSG_OK) {
		warn("%s: %s", e->name, r == QMSG_ERROR ? strerror(errno) : "damaged");
		l->trouble = true;
		return;
	}
	if (qlog_open(&log, l->queue, &m)) {
		take_in(l, e, &m, &log);
		qlog_close(&log);
	} else {
		warn_errno("log/%s", m.id);
		l->trouble = true;
	}
	qmsg_close(&m);
}

static void duration(int64_t seconds, char to[static 24])
{
	int64_t unit = seconds >= 2 * 86400 ? 86400
		       : seconds >= 7200    ? 3600
		       : seconds >= 120	    ? 60
					    : 1;
	(void)snprintf(to, 24, "%" PRId64 "%c", seconds / unit,
		       unit == 86400  ? 'd'
		       : unit == 3600 ? 'h'
		       : unit == 60   ? 'm'
				      : 's');
}

static void put_visible(out *o, const char *s)
{
	for (; *s; s++)
		out_putc(o, (unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s);
}

static void table_row(listing *l, size_t i)
{
	const top_row *r = &l->top.rows[i];
	char oldest[24];
	if (i == 0)
		out_printf(&l->o, "%7s %6s %6s %6s %6s %6s %6s %6s  %s\n", "MAIL", "<5m", "<1h",
			   "<4h", "<1d", "<3d", "MORE", "OLDEST",
			   l->by_sender ? "FROM, WHY" : "TO, WHY");
	if (i == 0 || strcmp(r->destination, r[-1].destination) != 0) {
		out_printf(&l->o, "%7zu %*s", r->of_destination, 51, "");
		put_visible(&l->o, *r->destination ? r->destination : "(no domain)");
		out_putc(&l->o, '\n');
	}
	duration(r->oldest, oldest);
	out_printf(&l->o, "%7zu", r->count);
	for (size_t k = 0; k < TOP_AGES; k++)
		if (r->ages[k])
			out_printf(&l->o, " %6zu", r->ages[k]);
		else
			out_printf(&l->o, " %6s", ".");
	out_printf(&l->o, " %6s      ", oldest);
	put_visible(&l->o, r->reason);
	out_putc(&l->o, '\n');
}

static void put_text(out *o, const char *s, enum format f)
{
	str text = str_new(16384);
	(f == JSON ? text_json : text_tsv)(span_str(s), &text);
	out_put(o, str_span(&text));
	str_free(&text);
}

/* destination mail oldest, the six ages, reason */
static void tsv_row(listing *l, size_t i)
{
	const top_row *r = &l->top.rows[i];
	put_text(&l->o, r->destination, TSV);
	out_printf(&l->o, "\t%zu\t%" PRId64, r->count, r->oldest);
	for (size_t k = 0; k < TOP_AGES; k++)
		out_printf(&l->o, "\t%zu", r->ages[k]);
	out_putc(&l->o, '\t');
	put_text(&l->o, r->reason, TSV);
	out_putc(&l->o, '\n');
}

static void json_row(listing *l, size_t i)
{
	const top_row *r = &l->top.rows[i];
	out_printf(&l->o, "{\"%s\":", l->by_sender ? "sender" : "destination");
	put_text(&l->o, r->destination, JSON);
	out_printf(&l->o, ",\"mail\":%zu,\"oldest\":%" PRId64 ",\"ages\":[", r->count, r->oldest);
	for (size_t k = 0; k < TOP_AGES; k++)
		out_printf(&l->o, k ? ",%zu" : "%zu", r->ages[k]);
	out_puts(&l->o, "],\"reason\":");
	put_text(&l->o, r->reason, JSON);
	out_puts(&l->o, "}\n");
}

static void print(listing *l)
{
	void (*row)(listing *, size_t) = l->format == JSON  ? json_row
					 : l->format == TSV ? tsv_row
							    : table_row;
	top_sort(&l->top);
	for (size_t i = 0; i < l->top.count && (l->rows == 0 || i < l->rows); i++)
		row(l, i);
	if (!out_flush(&l->o))
		die_errno(EX_IOERR, "standard output");
}

static void parse(listing *l, int argc, char **argv)
{
	int c;
	while ((c = getopt(argc, argv, "Thjn:s")) != -1) {
		switch (c) {
		case 'T':
			l->format = TSV;
			break;
		case 'h':
			exit(fputs(usage_text, stdout) < 0 || fflush(stdout) ? EX_IOERR : EX_OK);
		case 'j':
			l->format = JSON;
			break;
		case 'n':
			if (!span_u64(span_str(optarg), ROWS_MAX, &l->rows) || l->rows == 0)
				misuse();
			break;
		case 's':
			l->by_sender = true;
			break;
		default:
			misuse();
		}
	}
	if (optind != argc)
		misuse();
}

int main(int argc, char **argv)
{
	listing l = {.format = TABLE, .now = clock_now(), .top = top_new()};
	proc_start(argv[0]);
	parse(&l, argc, argv);
	l.queue = qadd_open_queue();
	if (l.queue < 0 || !scan_all(l.queue, keep, &l))
		die_errno(errno == EACCES ? EX_NOPERM : EX_UNAVAILABLE, "%s/queue", control_root());
	for (size_t i = 0; i < l.count; i++)
		read_one(&l, &l.entries[i]);
	out_open(&l.o, STDOUT_FILENO, OUT_ROOM);
	print(&l);
	out_close(&l.o);
	top_free(&l.top);
	free(l.entries);
	(void)close(l.queue);
	return l.trouble ? EX_UNAVAILABLE : EX_OK;
}
