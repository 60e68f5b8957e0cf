/* maildir-pick(1): the messages that an expression means. */
#include <getopt.h>
#include <locale.h>
#include <sysexits.h>

#include "base/die.h"
#include "base/status.h"
#include "io/clock.h"
#include "io/conv.h"
#include "io/crew.h"
#include "io/map.h"
#include "io/out.h"
#include "io/proc.h"
#include "mail/display.h"
#include "mail/pick.h"
#include "maildir/inputs.h"
#include "maildir/line.h"

enum { PIECE = 256, OUT_ROOM = 65536, MEMORY = 64 << 20 };

static const char usage_text[] = "usage: maildir-pick [-v0Tj] EXPRESSION [DIR | FILE]...\n";

typedef struct picker {
	enum { PATHS, TSV, JSON } form;
	char end; /* of a path, in and out */
	bool inverse, safe_paths;
	pick *expression;
	bool sizes; /* it asks for them */
	maildir_scan scan;
	bool trouble;
	crew_ahead ahead; /* a mark: 1 + enum pick_truth */
	peek reader;
	line_style style;
	str path;
} picker;

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

/* ---- one message */

static enum pick_truth look_at_body(picker *p, pick_facts *f)
{
	map m;
	f->header_cut = false;
	if (p->reader.whole) {
		f->message = p->reader.octets;
		return pick_match(p->expression, f, PICK_BODY);
	}
	if (!map_open(&m, p->reader.fd, INT64_MAX))
		return PICK_UNKNOWN;
	f->header = f->message = m.octets;
	enum pick_truth t = pick_match(p->expression, f, PICK_BODY);
	map_close(&m);
	return t;
}

static enum pick_truth look_at_header(picker *p, pick_facts *f)
{
	enum pick_truth t;
	do {
		f->header = p->reader.octets;
		f->header_cut = p->reader.cut;
		t = pick_match(p->expression, f, PICK_HEADER);
	} while (t == PICK_UNKNOWN && pick_was_cut(p->expression) && (peek_more(&p->reader), true));
	return t;
}

/* PICK_UNKNOWN, with errno: it cannot be read. */
static enum pick_truth look(picker *p, scan_message *m, bool *read)
{
	pick_facts f = {.flags = name_flags_text(scan_name(m)),
			.is_new = p->scan.parts[m->part].is_new,
			.arrived = m->arrived,
			.opener = p->style.opener};
	f.octets_known = p->sizes && name_octets(scan_name(m), &f.octets);
	enum pick_truth t = pick_match(p->expression, &f, PICK_NAME);
	*read = t == PICK_UNKNOWN || p->form != PATHS;
	if (!*read)
		return t;
	if (!peek_message(&p->reader, m))
		return PICK_UNKNOWN;
	if (p->sizes)
		f.octets = peek_octets(&p->reader, m);
	if (t == PICK_UNKNOWN)
		t = look_at_header(p, &f);
	return t == PICK_UNKNOWN ? look_at_body(p, &f) : t;
}

static void put(picker *p, const scan_message *m, str *to)
{
	summary s;
	str_clear(&p->path);
	scan_put_path(&p->scan, m, &p->path);
	if (p->form == PATHS && p->safe_paths)
		display_safe(str_span(&p->path), true, to);
	else if (p->form == PATHS)
		(void)str_put(to, str_span(&p->path));
	if (p->form == PATHS) {
		(void)str_putc(to, p->end);
		return;
	}
	summary_read(&p->reader, m, LINE_WANTS, &s);
	(p->form == TSV ? line_tsv : line_json)(&p->style, &s, str_span(&p->path), to);
}

/* While the directories are read. A message that could not be read, or has got another name, is left to work(). */
static void glance(void *arg, size_t from, size_t to)
{
	picker *p = arg;
	bool read;
	for (size_t i = from; i < to; i++) {
		scan_message *m = p->scan.messages + i;
		unsigned char *mark = crew_ahead_mark(&p->ahead, m->number);
		const char *name = m->name;
		if (!mark || *mark)
			continue;
		enum pick_truth t = look(p, m, &read);
		if (t != PICK_UNKNOWN && m->name == name)
			*mark = (unsigned char)(1 + t);
	}
}

static void grown(void *arg)
{
	picker *p = arg;
	crew_ahead_grown(&p->ahead, p->scan.count);
}

/* What glance() found; a record is made of what is read, so a message that needs one is read again. */
static enum pick_truth known(const picker *p, const scan_message *m)
{
	const unsigned char *mark = crew_ahead_mark(&p->ahead, m->number);
	if (!mark || !*mark)
		return PICK_UNKNOWN;
	enum pick_truth t = *mark - 1 == PICK_YES ? PICK_YES : PICK_NO;
	return p->form == PATHS || t == (p->inverse ? PICK_YES : PICK_NO) ? t : PICK_UNKNOWN;
}

static void work(void *arg, size_t from, size_t to, str *result, crew_tally *tally)
{
	picker *p = arg;
	bool read;
	for (size_t i = from; i < to; i++) {
		scan_message *m = p->scan.messages + i;
		enum pick_truth t = known(p, m);
		if (t == PICK_UNKNOWN)
			t = look(p, m, &read);
		if (t == PICK_UNKNOWN && errno != ENOENT) {
			warn_errno("%s%s", p->scan.parts[m->part].prefix, m->name);
			tally->failed++;
		} else if (t == (p->inverse ? PICK_NO : PICK_YES)) {
			put(p, m, result);
			tally->done++;
		}
	}
}

/* ---- */

static bool add_input(void *arg, span path)
{
	picker *p = arg;
	if (!inputs_add(&p->scan, path, SCAN_NEW | SCAN_CUR)) {
		warn_errno("%.*s", SPAN_FMT(path));
		p->trouble = true;
	}
	return true;
}

static void gather(picker *p, char **arguments)
{
	size_t count = 0;
	if (!*arguments && isatty(0))
		misuse();
	for (; *arguments; arguments++, count++)
		(void)add_input(p, span_str(*arguments));
	if (count > 1)
		maildir_scan_sort(&p->scan, 0);
	bool done = count || inputs_read(0, p->end, add_input, p);
	int error = errno;
	crew_ahead_end(&p->ahead);
	errno = error;
	if (!done)
		die_errno(EX_NOINPUT, "standard input");
}

/* The expression with a mark below the place, on one line of a terminal. */
static _Noreturn void bad_expression(span text, const pick_error *e)
{
	str shown = str_new(1 << 20), before = str_new(1 << 20);
	display_safe(text, true, &shown);
	display_safe(span_sub(text, 0, e->at), true, &before);
	size_t column = display_width(str_span(&before));
	warn("column %zu: %s", column + 1, e->text);
	if (shown.n < 4096)
		(void)fprintf(stderr, "  %s\n  %*s^\n", str_cstr(&shown), (int)column, "");
	exit(EX_USAGE);
}

static void set_form(picker *p, int form)
{
	if (p->form != PATHS && (int)p->form != form)
		misuse();
	p->form = form;
}

static void options(picker *p, int argc, char **argv)
{
	static const struct option names[] = {
	    {"invert-match", no_argument, NULL, 'v'}, {"null", no_argument, NULL, '0'},
	    {"tsv", no_argument, NULL, 'T'},	      {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},	      {NULL, 0, NULL, 0}};
	int c;
	while ((c = getopt_long(argc, argv, "+v0Tjh", names, NULL)) != -1) {
		if (c == 'h')
			exit(fputs(usage_text, stdout) < 0 || fflush(stdout) ? EX_IOERR : EX_OK);
		if (c == 'v')
			p->inverse = true;
		else if (c == '0')
			p->end = 0;
		else if (c == 'T' || c == 'j')
			set_form(p, c == 'T' ? TSV : JSON);
		else
			misuse();
	}
	if (optind == argc)
		misuse();
}

static void parse(picker *p, span text)
{
	pick_error e;
	/* So that a character of UTF-8 is one to a regular expression, whatever the user's locale is. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	p->expression = pick_parse(text, clock_now(), &e);
	if (!p->expression)
		bad_expression(text, &e);
	p->sizes = pick_asks_size(p->expression);
}

static void finish(picker *p)
{
	crew_ahead_free(&p->ahead);
	peek_close(&p->reader);
	pick_free(p->expression);
	str_free(&p->path);
	maildir_scan_free(&p->scan);
}

int main(int argc, char **argv)
{
	picker p = {.end = '\n', .path = str_new(INPUTS_PATH_MAX)};
	crew_tally tally = {0};
	out o;
	proc_start(argv[0]);
	options(&p, argc, argv);
	parse(&p, span_str(argv[optind]));
	p.safe_paths = p.end && isatty(1);
	maildir_scan_open(&p.scan);
	conv *converters = conv_new();
	charset_opener opener = conv_opener(converters);
	arena mem = arena_new(MEMORY);
	p.style = (line_style){.opener = &opener, .mem = &mem};
	peek_open(&p.reader, &p.scan);
	crew_ahead_open(&p.ahead, SCAN_MESSAGES_MAX, glance, &p);
	p.scan.grown = grown;
	p.scan.grown_arg = &p;
	gather(&p, argv + optind + 1);
	out_open(&o, 1, OUT_ROOM);
	bool written = crew_run(p.scan.count, PIECE, work, &p, &o, &tally);
	if (!written && errno != EPIPE)
		warn_errno("standard output");
	out_close(&o);
	finish(&p);
	arena_free(&mem);
	conv_free(converters);
	if (!written)
		return EX_IOERR;
	return p.trouble || tally.failed ? EX_NOINPUT : tally.done ? EX_OK : EX_NOMATCH;
}
