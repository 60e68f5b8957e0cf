/* queue-list(1): what waits in the queue, and what happened to each recipient so far. Nothing is locked. */
#include <sysexits.h>

#include "base/die.h"
#include "base/text.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/out.h"
#include "io/proc.h"
#include "queue/qadd.h"
#include "queue/qlog.h"
#include "queue/scan.h"

enum format { TABLE, TSV, JSON };
enum { OUT_ROOM = 65536 };

static const char usage_text[] = "usage: queue-list [-T | -j] [ID...]\n";
static const char *const where_names[] = {"new", "later", "hold", "failed"};

typedef struct listing {
	int queue;
	enum format format;
	char **ids; /* those asked for; empty: all */
	scan_entry *entries;
	size_t count, room;
	out o;
	int64_t now;
	size_t shown;
	bool trouble; /* something could not be read */
} listing;

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

static bool asked_for(const listing *l, const char *id)
{
	if (!*l->ids)
		return true;
	for (char **want = l->ids; *want; want++)
		if (strcmp(*want, id) == 0)
			return true;
	return false;
}

static bool keep(void *arg, const scan_entry *e)
{
	listing *l = arg;
	if (!asked_for(l, e->id))
		return true;
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 64;
		l->entries = xrealloc(l->entries, l->room, sizeof *l->entries);
	}
	l->entries[l->count++] = *e;
	return true;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const scan_entry *)a)->id, ((const scan_entry *)b)->id);
}

/* "3d", "2h", "5m", "7s" */
static void duration(int64_t seconds, char to[static 24])
{
	static const struct {
		int64_t size;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	if (seconds < 0)
		seconds = 0;
	for (size_t i = 0; i < 4; i++)
		if (seconds >= 2 * units[i].size || i == 3) {
			(void)snprintf(to, 24, "%" PRId64 "%c", seconds / units[i].size,
				       units[i].unit);
			return;
		}
}

static void octets(uint64_t n, char to[static 24])
{
	static const char units[] = "BKMGT";
	size_t unit = 0;
	while (n >= 10000 && unit < 4) {
		n = (n + 512) / 1024;
		unit++;
	}
	(void)snprintf(to, 24, "%" PRIu64 "%c", n, units[unit]);
}

/* Text from elsewhere on a terminal: no control octet gets there. */
static void put_visible(out *o, span s)
{
	for (size_t i = 0; i < s.n; i++)
		out_putc(o, (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ? '?' : s.p[i]);
}

static void put_addr(out *o, const addr *a, enum format f)
{
	str text = str_new(2048), escaped = str_new(8192);
	addr_write(a, &text);
	if (f == JSON)
		text_json(str_span(&text), &escaped);
	else if (f == TSV)
		text_tsv(str_span(&text), &escaped);
	else
		put_visible(o, a->null ? S("<>") : str_span(&text));
	out_put(o, str_span(&escaped));
	str_free(&escaped);
	str_free(&text);
}

static void table_message(listing *l, const scan_entry *e, const qmsg *m, const qlog *log)
{
	char age[24], size[24], next[32] = "now";
	duration(l->now - m->arrived, age);
	octets(m->size, size);
	if (e->where == SCAN_LATER && e->due > l->now)
		duration(e->due - l->now, next);
	else if (e->where == SCAN_HOLD || e->where == SCAN_FAILED)
		(void)snprintf(next, sizeof next, "-");
	if (l->shown == 0)
		out_printf(&l->o, "%-24s %-6s %5s %6s %5s %5s  %s\n", "ID", "WHERE", "AGE", "SIZE",
			   "TRIES", "NEXT", "SENDER, RECIPIENTS");
	out_printf(&l->o, "%s %-6s %5s %6s %5zu %5s  ", m->id, where_names[e->where], age, size,
		   log->attempts, next);
	put_addr(&l->o, &m->env.sender.addr, TABLE);
	out_putc(&l->o, '\n');
	for (size_t i = 0; i < log->count; i++) {
		const qlog_rcpt *r = &log->rcpts[i];
		out_puts(&l->o, r->parent ? "        " : "    ");
		put_addr(&l->o, &r->path.addr, TABLE);
		out_printf(&l->o, "  %s",
			   r->event == QLOG_NONE ? "waiting" : qlog_event_name(r->event));
		if (r->event != QLOG_NONE && (*r->last.enhanced || *r->last.text)) {
			out_puts(&l->o, ": ");
			put_visible(&l->o, span_str(r->last.enhanced));
			out_putc(&l->o, ' ');
			put_visible(&l->o, span_str(r->last.text));
		}
		out_putc(&l->o, '\n');
	}
}

/* One line a recipient: name id where arrived size attempts next sender recipient event when code enhanced words */
static void tsv_message(listing *l, const scan_entry *e, const qmsg *m, const qlog *log)
{
	for (size_t i = 0; i < log->count; i++) {
		const qlog_rcpt *r = &log->rcpts[i];
		str words = str_new(4096);
		out_printf(&l->o, "%s\t%s\t%s\t%" PRId64 "\t%" PRIu64 "\t%zu\t%" PRId64 "\t",
			   e->name, m->id, where_names[e->where], m->arrived, m->size,
			   log->attempts, e->due);
		put_addr(&l->o, &m->env.sender.addr, TSV);
		out_putc(&l->o, '\t');
		put_addr(&l->o, &r->path.addr, TSV);
		text_tsv(span_str(r->last.text), &words);
		out_printf(&l->o, "\t%s\t%" PRId64 "\t%d\t%s\t", qlog_event_name(r->event), r->when,
			   r->last.code, r->last.enhanced);
		out_put(&l->o, str_span(&words));
		out_putc(&l->o, '\n');
		str_free(&words);
	}
}

static void json_rcpt(out *o, const qlog_rcpt *r)
{
	str words = str_new(8192);
	out_puts(o, "{\"address\":");
	put_addr(o, &r->path.addr, JSON);
	out_printf(o,
		   ",\"parent\":%zu,\"event\":\"%s\",\"when\":%" PRId64 ",\"code\":%d,\"reply\":%d",
		   r->parent, qlog_event_name(r->event), r->when, r->last.code, r->last.reply);
	str_put(&words, S(",\"enhanced\":"));
	text_json(span_str(r->last.enhanced), &words);
	str_put(&words, S(",\"words\":"));
	text_json(span_str(r->last.text), &words);
	out_put(o, str_span(&words));
	out_putc(o, '}');
	str_free(&words);
}

static void json_message(listing *l, const scan_entry *e, const qmsg *m, const qlog *log)
{
	out_printf(&l->o,
		   "{\"name\":\"%s\",\"id\":\"%s\",\"where\":\"%s\",\"arrived\":%" PRId64
		   ",\"age\":%" PRId64 ",\"size\":%" PRIu64 ",\"attempts\":%zu,\"next\":%" PRId64
		   ",\"sender\":",
		   e->name, m->id, where_names[e->where], m->arrived, l->now - m->arrived, m->size,
		   log->attempts, e->due);
	put_addr(&l->o, &m->env.sender.addr, JSON);
	out_puts(&l->o, ",\"recipients\":[");
	for (size_t i = 0; i < log->count; i++) {
		if (i)
			out_putc(&l->o, ',');
		json_rcpt(&l->o, &log->rcpts[i]);
	}
	out_puts(&l->o, "]}\n");
}

static void show(listing *l, const scan_entry *e)
{
	qmsg m;
	qlog log;
	enum qmsg_result r = qmsg_peek(l->queue, e->name, &m);
	if (r == QMSG_BUSY)
		return; /* gone, or renamed since */
	if (r == QMSG_PARTIAL && e->where == SCAN_NEW)
		return; /* being written */
	if (r != QMSG_OK) {
		int error = errno;
		str why = str_new(1024);
		bool known = r != QMSG_ERROR && qlog_reason(l->queue, e->id, &why);
		warn("%s: %s%s%s", e->name, r == QMSG_ERROR ? strerror(error) : "damaged",
		     known ? ": " : "", known ? str_cstr(&why) : "");
		str_free(&why);
		l->trouble = true;
		return;
	}
	if (qlog_open(&log, l->queue, &m)) {
		(l->format == JSON  ? json_message
		 : l->format == TSV ? tsv_message
				    : table_message)(l, e, &m, &log);
		l->shown++;
		qlog_close(&log);
	} else {
		warn_errno("log/%s", m.id);
		l->trouble = true;
	}
	qmsg_close(&m);
}

int main(int argc, char **argv)
{
	listing l = {.format = TABLE, .now = clock_now()};
	int c;
	proc_start(argv[0]);
	while ((c = getopt(argc, argv, "Thj")) != -1) {
		switch (c) {
		case 'T':
			l.format = TSV;
			break;
		case 'h':
			return fputs(usage_text, stdout) < 0 || fflush(stdout) ? EX_IOERR : EX_OK;
		case 'j':
			l.format = JSON;
			break;
		default:
			misuse();
		}
	}
	l.ids = argv + optind;
	l.queue = qadd_open_queue();
	if (l.queue < 0)
		die_errno(errno == EACCES ? EX_NOPERM : EX_UNAVAILABLE, "%s/queue", control_root());
	out_open(&l.o, STDOUT_FILENO, OUT_ROOM);
	if (!scan_all(l.queue, keep, &l))
		die_errno(errno == EACCES ? EX_NOPERM : EX_UNAVAILABLE, "%s/queue", control_root());
	if (l.count)
		qsort(l.entries, l.count, sizeof *l.entries, by_id);
	for (size_t i = 0; i < l.count; i++)
		show(&l, &l.entries[i]);
	if (!out_flush(&l.o))
		die_errno(EX_IOERR, "standard output");
	out_close(&l.o);
	free(l.entries);
	(void)close(l.queue);
	if (l.trouble)
		return EX_UNAVAILABLE;
	return *l.ids && l.shown == 0 ? EX_NOMATCH : EX_OK;
}
