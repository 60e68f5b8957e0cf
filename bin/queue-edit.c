/* queue-edit(8): what an operator does to messages in the queue: hold, release, retry, remove, bounce, show. */
#include <sysexits.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/file.h"
#include "io/log.h"
#include "io/out.h"
#include "io/proc.h"
#include "queue/qadd.h"
#include "run/edit.h"
#include "run/selection.h"

enum { BATCH = 64, PASSES = 5, WAIT_SECONDS = 10, WAIT_MAX = 86400, OUT_ROOM = 65536 };
enum { LOG_MAX = 64 << 20, ENVELOPE_TEXT_MAX = 32 << 20 };

static const char usage_text[] =
    "usage: queue-edit hold|release|retry|remove|bounce|show [-av] [-f SENDER] [-n NEXTHOP]\n"
    "                  [-r REASON] [-t RECIPIENT] [-w SECONDS] [ID ...]\n";

static const struct {
	const char *name, *done;
	bool stops;    /* begins with a hold */
	bool where[4]; /* new, later, hold, failed: what is looked at where no ID is given */
} verbs[] = {
    [EDIT_HOLD] = {"hold", "held", true, {true, true, false, false}},
    [EDIT_RELEASE] = {"release", "released", false, {false, false, true, false}},
    [EDIT_RETRY] = {"retry", "due", false, {true, true, false, false}},
    [EDIT_REMOVE] = {"remove", "removed", true, {true, true, true, false}},
    [EDIT_BOUNCE] = {"bounce", "bounced", true, {true, true, true, false}},
    [EDIT_SHOW] = {"show", "", false, {true, true, true, true}},
};

typedef struct work {
	enum edit_verb verb;
	bool all, verbose;
	uint64_t wait; /* seconds */
	choice choice;
	selection chosen;
	edit ed;
	scan_entry *v; /* what is to be done */
	enum edit_result *results;
	size_t count, room;
	size_t done, damaged, failed;
	out o;
} work;

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

static bool take_verb(work *w, const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(name, verbs[i].name) == 0) {
			w->verb = (enum edit_verb)i;
			return true;
		}
	return false;
}

static void take_pattern(work *w, choose_list *l, const char *text)
{
	if (!choice_add(&w->choice, l, span_str(text)))
		die(EX_USAGE, "\"%s\" is neither an address nor *@DOMAIN", text);
}

static const char *reason(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			die(EX_USAGE, "a control character in the reason");
	return text;
}

static void parse(work *w, int argc, char **argv)
{
	bool named = argc > 1 && argv[1][0] != '-' && take_verb(w, argv[1]);
	int c;
	if (argc > 1 && argv[1][0] != '-' && !named)
		misuse();
	if (named) {
		argv[1] = argv[0];
		argc--;
		argv++;
	}
	const char *why = NULL;
	while ((c = getopt(argc, argv, "af:hn:r:t:vw:")) != -1) {
		switch (c) {
		case 'a':
			w->all = true;
			break;
		case 'f':
			take_pattern(w, &w->choice.senders, optarg);
			break;
		case 'h':
			exit(fputs(usage_text, stdout) < 0 || fflush(stdout) ? EX_IOERR : EX_OK);
		case 'n':
			if (!choice_add_hop(&w->choice, span_str(optarg)))
				misuse();
			break;
		case 'r':
			why = reason(optarg);
			break;
		case 't':
			take_pattern(w, &w->choice.rcpts, optarg);
			break;
		case 'v':
			w->verbose = true;
			break;
		case 'w':
			if (!span_u64(span_str(optarg), WAIT_MAX, &w->wait))
				misuse();
			break;
		default:
			misuse();
		}
	}
	bool any = w->choice.senders.count || w->choice.rcpts.count || w->choice.hop_count;
	if (!named || (why && w->verb != EDIT_BOUNCE) ||
	    (w->all ? any || argv[optind] : !any && !argv[optind]))
		misuse();
	w->ed.reason = why;
	selection_open(&w->chosen, -1, &w->choice, argv + optind);
}

static _Noreturn void no_queue(void)
{
	die_errno(errno == EACCES ? EX_NOPERM : EX_UNAVAILABLE, "%s/queue", control_root());
}

static void open_queue(work *w)
{
	const char *why = w->ed.reason;
	int dir = qadd_open_queue();
	if (dir < 0)
		no_queue();
	edit_open(&w->ed, dir, w->verb);
	w->ed.reason = why;
	w->chosen.queue_dir = dir;
	memcpy(w->chosen.where, verbs[w->verb].where, sizeof w->chosen.where);
}

static void add(work *w, const scan_entry *e, enum edit_result r)
{
	if (w->count == w->room) {
		w->room = w->room ? w->room * 2 : 64;
		w->v = xrealloc(w->v, w->room, sizeof *w->v);
		w->results = xrealloc(w->results, w->room, sizeof *w->results);
	}
	w->v[w->count] = *e;
	w->results[w->count++] = r;
}

/* All that is meant, and nothing more of it is tried. A message that is renamed while the names are read may
 * be missed, and more may come in: it is read again until nothing is new. */
static void choose(work *w)
{
	for (int pass = 0; pass < PASSES; pass++) {
		if (!selection_read(&w->chosen))
			no_queue();
		for (size_t i = 0; i < w->chosen.count; i++) {
			scan_entry *e = &w->chosen.v[i];
			add(w, e, verbs[w->verb].stops ? edit_stop(&w->ed, e) : EDIT_DONE);
		}
		if (w->chosen.count == 0 || *w->chosen.ids || !verbs[w->verb].stops)
			return;
	}
}

/* What is not done, for a person. */
static void complain(work *w, const scan_entry *e, enum edit_result r, int error)
{
	str why = str_new(1024);
	switch (r) {
	case EDIT_NOT_HELD:
	case EDIT_IS_HELD:
	case EDIT_GONE:
		if (*w->chosen.ids)
			warn("%s: %s", e->id,
			     r == EDIT_NOT_HELD	 ? "is not held"
			     : r == EDIT_IS_HELD ? "is held: release it"
						 : "has left the queue");
		break;
	case EDIT_PARTIAL:
	case EDIT_DAMAGED:
		w->damaged++;
		(void)qlog_reason(w->ed.queue_dir, e->id, &why);
		if (r == EDIT_PARTIAL)
			warn("%s: is not whole: it was never confirmed, or is damaged", e->name);
		else
			warn("failed/%s: damaged: %s", e->id,
			     why.n ? str_cstr(&why) : "it cannot be read");
		break;
	default:
		w->failed++;
		if (r == EDIT_BUSY)
			warn("%s: another process works on it%s", e->id,
			     verbs[w->verb].stops ? "; it is held" : "");
		else
			warn("%s: %s", e->name, error ? strerror(error) : "not possible now");
		break;
	}
	str_free(&why);
}

static bool goes_well(enum edit_result r)
{
	return r == EDIT_DONE || r == EDIT_WORKED_ON;
}

/* Says that the entries [from, to) are done, as soon as that is durable. */
static void tell(work *w, size_t from, size_t to)
{
	if (!edit_sync(&w->ed))
		die_errno(EX_TEMPFAIL, "%s/queue: not durable", control_root());
	for (size_t i = from; i < to; i++) {
		enum edit_result r = w->results[i];
		if (!goes_well(r))
			continue;
		out_printf(&w->o, "%s\t%s%s\n", w->v[i].id, verbs[w->verb].done,
			   r == EDIT_WORKED_ON ? "\tbeing tried now" : "");
		w->done++;
	}
	if (!out_flush(&w->o))
		die_errno(EX_IOERR, "standard output");
}

static void apply(work *w, size_t i, bool last)
{
	enum edit_result was = w->results[i];
	errno = 0;
	if (goes_well(was) && w->verb != EDIT_HOLD)
		w->results[i] = edit_apply(&w->ed, &w->v[i]);
	if (w->results[i] == EDIT_BUSY && !last) {
		const scan_entry later = w->v[i];
		add(w, &later, was); /* at the end, with patience */
	} else if (!goes_well(w->results[i])) {
		complain(w, &w->v[i], w->results[i], errno);
	}
}

/* First what nobody works on, then the others, as long as the patience lasts. */
static void do_all(work *w)
{
	size_t first = w->count;
	for (size_t i = 0; i < w->count;) {
		size_t from = i;
		if (i == first)
			w->ed.give_up_at = clock_ms() + (int64_t)w->wait * 1000;
		size_t end = i < first && first - i > BATCH ? i + BATCH
			     : i < first		    ? first
							    : w->count;
		for (; i < end && i < from + BATCH; i++)
			apply(w, i, i >= first);
		tell(w, from, i);
	}
}

static void show_head(work *w, const scan_entry *e, const qmsg *m)
{
	char name[QID_LEN + 8];
	str text = str_new(ENVELOPE_TEXT_MAX), log = str_new(LOG_MAX);
	envelope_write(&m->env, &text);
	(void)snprintf(name, sizeof name, "log/%s", e->id);
	out_printf(&w->o, "name %s\narrived %" PRId64 "\nsize %" PRIu64 "\n", e->name, m->arrived,
		   m->size);
	out_put(&w->o, str_span(&text));
	if (file_read(w->ed.queue_dir, name, &log))
		out_put(&w->o, str_span(&log));
	else if (errno != ENOENT)
		warn_errno("%s", name);
	out_putc(&w->o, '\n');
	str_free(&text);
	str_free(&log);
}

/* Octets from the offset to the end; on a terminal without control octets. */
static bool show_octets(work *w, int fd, off_t at)
{
	char buf[OUT_ROOM / 2];
	bool terminal = isatty(STDOUT_FILENO);
	ssize_t n;
	while ((n = file_pread(fd, buf, sizeof buf, at)) > 0) {
		for (ssize_t i = 0; terminal && i < n; i++)
			if (((unsigned char)buf[i] < 0x20 && buf[i] != '\n' && buf[i] != '\t') ||
			    buf[i] == 0x7f)
				buf[i] = '?';
		out_put(&w->o, span_of(buf, (size_t)n));
		at += n;
	}
	return n == 0;
}

/* A file that cannot be read as a message is shown as it is. */
static void show(work *w, scan_entry *e)
{
	qmsg m;
	enum qmsg_result r = qmsg_read(w->ed.queue_dir, e->name, &m);
	if (r == QMSG_BUSY && scan_find(w->ed.queue_dir, e->id, e->name))
		r = qmsg_read(w->ed.queue_dir, e->name, &m);
	if (r == QMSG_BUSY || r == QMSG_ERROR) {
		complain(w, e, r == QMSG_BUSY ? EDIT_GONE : EDIT_FAILED, errno);
		return;
	}
	if (w->count > 1)
		out_printf(&w->o, "==> %s <==\n", e->name);
	int fd = r == QMSG_OK ? m.fd : file_open_read(w->ed.queue_dir, e->name);
	if (r == QMSG_OK && w->verbose)
		show_head(w, e, &m);
	if (fd < 0 || !show_octets(w, fd, r == QMSG_OK ? m.offset : 0))
		complain(w, e, EDIT_FAILED, errno);
	else if (r == QMSG_OK)
		w->done++;
	else
		complain(w, e, e->where == SCAN_FAILED ? EDIT_DAMAGED : EDIT_PARTIAL, 0);
	if (r == QMSG_OK)
		qmsg_close(&m);
	else if (fd >= 0)
		(void)close(fd);
}

static void show_all(work *w)
{
	for (size_t i = 0; i < w->count; i++)
		show(w, &w->v[i]);
	if (!out_flush(&w->o))
		die_errno(EX_IOERR, "standard output");
}

int main(int argc, char **argv)
{
	static work w = {.wait = WAIT_SECONDS};
	proc_start(argv[0]);
	w.choice = choice_new();
	parse(&w, argc, argv);
	log_open("queue-edit");
	open_queue(&w);
	out_open(&w.o, STDOUT_FILENO, OUT_ROOM);
	choose(&w);
	if (w.verb == EDIT_SHOW)
		show_all(&w);
	else
		do_all(&w);
	size_t damaged = w.damaged + w.chosen.damaged, missing = w.chosen.missing;
	int queue = w.ed.queue_dir;
	out_close(&w.o);
	edit_close(&w.ed);
	selection_close(&w.chosen);
	choice_free(&w.choice);
	free(w.v);
	free(w.results);
	(void)close(queue);
	if (w.failed)
		return EX_TEMPFAIL;
	if (damaged)
		return EX_UNAVAILABLE;
	return missing || w.done == 0 ? EX_NOMATCH : EX_OK;
}
