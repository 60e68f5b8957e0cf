/* maildir-list(1): the messages of folders, as paths or one line each. */
#include <getopt.h>
#include <sys/ioctl.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/conv.h"
#include "io/crew.h"
#include "io/out.h"
#include "io/proc.h"
#include "mail/display.h"
#include "maildir/inputs.h"
#include "maildir/line.h"
#include "maildir/select.h"
#include "maildir/threads.h"

enum { PIECE = 256, OUT_ROOM = 65536, MEMORY = 64 << 20 };

static const char usage_text[] =
    "usage: maildir-list [-lntT0j] [-f format] [-s flags] [-w columns] "
    "[DIR | FILE]...\n";

typedef struct lister {
	enum { PATHS, LINES, TSV, JSON } form;
	char end; /* of a record, and of a path that is read */
	bool threads, safe_paths;
	unsigned which;
	select_flags select;
	maildir_scan scan;
	bool trouble;
	unsigned *depths; /* in threads, of the messages; NULL: no threads */
	peek reader;
	unsigned want; /* fields of a summary */
	str path;
	line_style style;
} lister;

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

/* ---- one message */

static void put_path(lister *l, const scan_message *m, str *to)
{
	if (!l->safe_paths) {
		scan_put_path(&l->scan, m, to);
		return;
	}
	str_clear(&l->path);
	scan_put_path(&l->scan, m, &l->path);
	display_safe(str_span(&l->path), true, to);
}

static void put_record(lister *l, const summary *s, const scan_message *m, size_t number, str *to)
{
	str_clear(&l->path);
	scan_put_path(&l->scan, m, &l->path);
	if (l->form == TSV)
		line_tsv(&l->style, s, str_span(&l->path), to);
	else if (l->form == JSON)
		line_json(&l->style, s, str_span(&l->path), to);
	else
		line_put(&l->style, s, str_span(&l->path), number, to);
	if (l->form == LINES)
		(void)str_putc(to, l->end);
}

static void work(void *arg, size_t from, size_t to, str *result, crew_tally *tally)
{
	lister *l = arg;
	for (size_t i = from; i < to; i++) {
		scan_message *m = l->scan.messages + i;
		summary s;
		if (l->form == PATHS) {
			put_path(l, m, result);
			(void)str_putc(result, l->end);
		} else if (peek_message(&l->reader, m)) {
			summary_read(&l->reader, m, l->want, &s);
			s.depth = l->depths ? l->depths[i] : 0;
			put_record(l, &s, m, i + 1, result);
		} else if (errno != ENOENT) {
			warn_errno("%s%s", l->scan.parts[m->part].prefix, m->name);
			tally->failed++;
		}
	}
}

/* ---- */

static bool add_input(void *arg, span path)
{
	lister *l = arg;
	if (!inputs_add(&l->scan, path, l->which)) {
		warn_errno("%.*s", SPAN_FMT(path));
		l->trouble = true;
	}
	return true;
}

static void gather(lister *l, char **arguments)
{
	size_t folders = 0;
	maildir_scan_open(&l->scan);
	if (!*arguments && isatty(0))
		misuse();
	for (; *arguments; arguments++, folders++)
		(void)add_input(l, span_str(*arguments));
	if (folders > 1)
		maildir_scan_sort(&l->scan, 0);
	if (!folders && !inputs_read(0, l->end, add_input, l))
		die_errno(EX_NOINPUT, "standard input");
	select_keep(&l->select, &l->scan);
}

static size_t terminal_columns(void)
{
	struct winsize size;
	return isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static void set_form(lister *l, int form)
{
	if (l->form != PATHS && (int)l->form != form)
		misuse();
	l->form = form;
}

static void set_format(lister *l, const char *format)
{
	size_t column;
	if (!line_check(format, &column))
		die(EX_USAGE, "-f: column %zu is no format", column);
	l->style.format = format;
	set_form(l, LINES);
}

static void set_columns(lister *l, const char *argument)
{
	uint64_t n;
	if (!span_u64(span_str(argument), 100000, &n))
		die(EX_USAGE, "-w %s: no number of columns", argument);
	l->style.columns = n;
}

static void set_option(lister *l, int c)
{
	if (c == 'l' && l->form != LINES)
		set_format(l, LINE_FORMAT_DEFAULT);
	else if (c == 'f')
		set_format(l, optarg);
	else if (c == 'T')
		set_form(l, TSV);
	else if (c == 'j')
		set_form(l, JSON);
	else if (c == 'n')
		l->select.only_new = true;
	else if (c == 's' && !select_parse(optarg, &l->select))
		die(EX_USAGE, "-s %s: flags are letters", optarg);
	else if (c == 't')
		l->threads = true;
	else if (c == '0')
		l->end = 0;
	else if (c == 'w')
		set_columns(l, optarg);
	else if (c == '?')
		misuse();
}

static void options(lister *l, int argc, char **argv)
{
	static const struct option names[] = {{"long", no_argument, NULL, 'l'},
					      {"format", required_argument, NULL, 'f'},
					      {"new", no_argument, NULL, 'n'},
					      {"flags", required_argument, NULL, 's'},
					      {"threads", no_argument, NULL, 't'},
					      {"width", required_argument, NULL, 'w'},
					      {"tsv", no_argument, NULL, 'T'},
					      {"null", no_argument, NULL, '0'},
					      {"json", no_argument, NULL, 'j'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	int c;
	while ((c = getopt_long(argc, argv, "lf:ns:tw:T0jh", names, NULL)) != -1) {
		if (c == 'h')
			exit(fputs(usage_text, stdout) < 0 || fflush(stdout) ? EX_IOERR : EX_OK);
		set_option(l, c);
	}
	l->which = l->select.only_new ? SCAN_NEW : SCAN_NEW | SCAN_CUR;
}

int main(int argc, char **argv)
{
	lister l = {.end = '\n', .path = str_new(INPUTS_PATH_MAX)};
	crew_tally tally = {0};
	out o;
	proc_start(argv[0]);
	l.style.columns = terminal_columns();
	options(&l, argc, argv);
	l.safe_paths = l.end && isatty(1);
	gather(&l, argv + optind);
	conv *converters = conv_new();
	charset_opener opener = conv_opener(converters);
	arena mem = arena_new(MEMORY);
	l.style.opener = &opener;
	l.style.mem = &mem;
	l.want = l.form == LINES ? line_wants(l.style.format) : LINE_WANTS;
	peek_open(&l.reader, &l.scan);
	if (l.threads && !maildir_threads(&l.reader, &opener, &l.depths))
		die(EX_SOFTWARE, "too many messages for threads");
	out_open(&o, 1, OUT_ROOM);
	bool written =
	    crew_run(l.scan.count, l.form == PATHS ? l.scan.count : PIECE, work, &l, &o, &tally);
	if (!written && errno != EPIPE)
		warn_errno("standard output");
	out_close(&o);
	peek_close(&l.reader);
	arena_free(&mem);
	conv_free(converters);
	free(l.depths);
	str_free(&l.path);
	maildir_scan_free(&l.scan);
	return !written ? EX_IOERR : l.trouble || tally.failed ? EX_NOINPUT : EX_OK;
}
