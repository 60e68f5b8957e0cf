/* queue-list(1): what waits in the queue, and what happened to each recipient so far. Nothing is locked. */
#include <sysexits.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/crew.h"
#include "io/proc.h"
#include "queue/listing.h"
#include "queue/qadd.h"

enum { OUT_ROOM = 65536, PIECE = 512 };

static const char usage_text[] = "usage: queue-list [-T | -j] [ID...]\n";

typedef struct lister {
	int queue;
	listing form;
	char **ids; /* those asked for; empty: all */
	scan_entry *entries;
	size_t count, room;
} lister;

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

static bool asked_for(const lister *l, const char *id)
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
	lister *l = arg;
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

/* False: it cannot be read, which is told. */
static bool show(lister *l, const scan_entry *e, str *to, crew_tally *tally)
{
	qmsg m;
	qlog log;
	enum qmsg_result r = qmsg_peek(l->queue, e->name, &m);
	if (r == QMSG_BUSY || (r == QMSG_PARTIAL && e->where == SCAN_NEW))
		return true; /* gone, or renamed since; or being written */
	if (r != QMSG_OK) {
		int error = errno;
		str why = str_new(1024);
		bool known = r != QMSG_ERROR && qlog_reason(l->queue, e->id, &why);
		warn("%s: %s%s%s", e->name, r == QMSG_ERROR ? strerror(error) : "damaged",
		     known ? ": " : "", known ? str_cstr(&why) : "");
		str_free(&why);
		return false;
	}
	bool good = qlog_open(&log, l->queue, &m);
	if (good) {
		listing_message(&l->form, e, &m, &log, to);
		tally->done++;
		qlog_close(&log);
	} else {
		warn_errno("log/%s", m.id);
	}
	qmsg_close(&m);
	return good;
}

static void work(void *arg, size_t from, size_t to, str *result, crew_tally *tally)
{
	lister *l = arg;
	for (size_t i = from; i < to; i++)
		if (!show(l, &l->entries[i], result, tally))
			tally->failed++;
}

/* Whether there will be a table at all: files that are being written are no messages. */
static bool any_message(const lister *l)
{
	qmsg m;
	for (size_t i = 0; i < l->count; i++)
		if (qmsg_peek(l->queue, l->entries[i].name, &m) == QMSG_OK) {
			qmsg_close(&m);
			return true;
		}
	return false;
}

static _Noreturn void no_queue(void)
{
	die_errno(errno == EACCES ? EX_NOPERM : EX_UNAVAILABLE, "%s/queue", control_root());
}

static enum listing_form parse(int argc, char **argv)
{
	enum listing_form form = LISTING_TABLE;
	int c;
	while ((c = getopt(argc, argv, "Thj")) != -1) {
		switch (c) {
		case 'T':
			form = LISTING_TSV;
			break;
		case 'h':
			exit(fputs(usage_text, stdout) < 0 || fflush(stdout) ? EX_IOERR : EX_OK);
		case 'j':
			form = LISTING_JSON;
			break;
		default:
			misuse();
		}
	}
	return form;
}

int main(int argc, char **argv)
{
	lister l = {.count = 0};
	crew_tally tally = {0};
	str head = str_new(1024);
	out o;
	proc_start(argv[0]);
	l.form = listing_new(parse(argc, argv), clock_now());
	l.ids = argv + optind;
	l.queue = qadd_open_queue();
	if (l.queue < 0 || !scan_all(l.queue, keep, &l))
		no_queue();
	if (l.count)
		qsort(l.entries, l.count, sizeof *l.entries, by_id);
	out_open(&o, STDOUT_FILENO, OUT_ROOM);
	if (any_message(&l))
		listing_head(&l.form, &head);
	out_put(&o, str_span(&head));
	if (!crew_run(l.count, PIECE, work, &l, &o, &tally) || !out_flush(&o))
		die_errno(EX_IOERR, "standard output");
	out_close(&o);
	str_free(&head);
	listing_free(&l.form);
	free(l.entries);
	(void)close(l.queue);
	if (tally.failed)
		return EX_UNAVAILABLE;
	return *l.ids && tally.done == 0 ? EX_NOMATCH : EX_OK;
}
