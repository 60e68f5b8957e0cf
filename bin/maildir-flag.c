/* maildir-flag(1): changes the flags of messages. */
#include <getopt.h>
#include <string.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/out.h"
#include "io/proc.h"
#include "mail/display.h"
#include "maildir/inputs.h"
#include "maildir/move.h"

enum { OUT_ROOM = 65536 };

static const char usage_text[] =
    "usage: maildir-flag [-0] CHANGE... [FILE]...\n"
    "CHANGE is +FLAGS, -FLAGS, =FLAGS or several of these in one word\n";

typedef struct marker {
	char end; /* of a path, in and out */
	bool safe_paths, trouble;
	move_flags change;
	flagger *flagger;
	str path, safe;
	out o;
} marker;

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

static bool change_one(void *arg, span path)
{
	marker *m = arg;
	str_clear(&m->path);
	enum move_result r = flagger_change(m->flagger, path, &m->change, &m->path);
	if (r != MOVE_DONE) {
		m->trouble = true;
		if (r == MOVE_GONE)
			errno = ENOENT;
		if (errno == EINVAL)
			warn("%.*s: not a message of a Maildir", SPAN_FMT(path));
		else
			warn_errno("%.*s", SPAN_FMT(path));
		return true;
	}
	str_clear(&m->safe);
	if (m->safe_paths)
		display_safe(str_span(&m->path), true, &m->safe);
	out_put(&m->o, str_span(m->safe_paths ? &m->safe : &m->path));
	out_putc(&m->o, m->end);
	return m->o.error == 0;
}

/* "+S-T", "=FS": signs and letters in turns. */
static bool read_change(const char *word, move_flags *c)
{
	char sign = 0;
	for (; *word; word++) {
		name_flags one = name_flag(*word);
		if (strchr("+-=", *word)) {
			sign = *word;
			if (sign == '=')
				*c = (move_flags){.exact = true};
			else if (c->exact)
				return false;
			continue;
		}
		if (!one || !sign)
			return false;
		if (sign == '-') {
			c->unset |= one;
			c->set &= ~one;
		} else {
			c->set |= one;
			c->unset &= ~one;
		}
	}
	return sign != 0;
}

/* Whether an argument is a change and no option: -T and -FS are, -0 and -h are not. */
static bool is_change(const char *a)
{
	if (a[0] == '+' || a[0] == '=')
		return true;
	return a[0] == '-' && ((a[1] >= 'A' && a[1] <= 'Z') || a[1] == '+' || a[1] == '=');
}

/* getopt(3) would take "-T" for an option: the options are read up to the first change. */
static int read_arguments(marker *m, int argc, char **argv)
{
	static const struct option names[] = {
	    {"null", no_argument, NULL, '0'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int c, first = 1;
	while (first < argc && argv[first][0] == '-' && !is_change(argv[first]))
		first++;
	while ((c = getopt_long(first, argv, "+0h", names, NULL)) != -1) {
		if (c == 'h')
			exit(fputs(usage_text, stdout) < 0 || fflush(stdout) ? EX_IOERR : EX_OK);
		if (c != '0')
			misuse();
		m->end = 0;
	}
	first = optind;
	for (c = first; c < argc && (is_change(argv[c]) ||
				     (c > first && argv[c][0] == '-' && argv[c][1] != '-'));
	     c++)
		if (!read_change(argv[c], &m->change))
			die(EX_USAGE, "%s: no change of flags", argv[c]);
	if (c == first)
		misuse();
	if (c < argc && strcmp(argv[c], "--") == 0)
		c++;
	return c;
}

int main(int argc, char **argv)
{
	marker m = {
	    .end = '\n', .path = str_new(INPUTS_PATH_MAX), .safe = str_new(INPUTS_PATH_MAX * 4)};
	proc_start(argv[0]);
	int first = read_arguments(&m, argc, argv);
	if (first == argc && isatty(0))
		misuse();
	m.safe_paths = m.end && isatty(1);
	m.flagger = flagger_new();
	out_open(&m.o, 1, OUT_ROOM);
	for (int i = first; i < argc; i++)
		(void)change_one(&m, span_str(argv[i]));
	if (first == argc && !inputs_read(0, m.end, change_one, &m) && !m.o.error)
		die_errno(EX_NOINPUT, "standard input");
	bool durable = flagger_sync(m.flagger);
	if (!durable)
		warn_errno("sync");
	bool written = out_flush(&m.o);
	if (!written && errno != EPIPE)
		warn_errno("standard output");
	out_close(&m.o);
	flagger_free(m.flagger);
	str_free(&m.path);
	str_free(&m.safe);
	return !durable || !written ? EX_IOERR : m.trouble ? EX_NOINPUT : EX_OK;
}
