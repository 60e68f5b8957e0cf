/* maildir-refile(1): moves messages to another folder, or copies them there. */
#include <getopt.h>
#include <string.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/out.h"
#include "io/proc.h"
#include "mail/display.h"
#include "maildir/deliver.h"
#include "maildir/inputs.h"
#include "maildir/move.h"

enum { OUT_ROOM = 65536 };

static const char usage_text[] = "usage: maildir-refile [-ck0] DIR [FILE]...\n";

typedef struct refiler {
	char end; /* of a path, in and out */
	bool keep, create, safe_paths, trouble;
	mover *mover;
	str waiting[MOVER_BATCH];
	size_t count;
	str safe;
	out o;
} refiler;

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

static void put_path(refiler *r, span path)
{
	str_clear(&r->safe);
	if (r->safe_paths)
		display_safe(path, true, &r->safe);
	out_put(&r->o, r->safe_paths ? str_span(&r->safe) : path);
	out_putc(&r->o, r->end);
}

static bool run(refiler *r)
{
	enum move_result results[MOVER_BATCH];
	const char *paths[MOVER_BATCH];
	int errors[MOVER_BATCH];
	span from[MOVER_BATCH];
	for (size_t i = 0; i < r->count; i++)
		from[i] = str_span(&r->waiting[i]);
	mover_run(r->mover, from, r->count, results, paths, errors);
	for (size_t i = 0; i < r->count; i++) {
		if (results[i] == MOVE_DONE) {
			put_path(r, span_str(paths[i]));
		} else {
			errno = errors[i];
			warn_errno("%s", str_cstr(&r->waiting[i]));
			r->trouble = true;
		}
		str_free(&r->waiting[i]);
	}
	r->count = 0;
	return out_flush(&r->o);
}

static bool add(void *arg, span path)
{
	refiler *r = arg;
	str *to = &r->waiting[r->count++];
	*to = str_new(INPUTS_PATH_MAX);
	(void)str_put(to, path);
	return r->count < MOVER_BATCH || run(r);
}

static void options(refiler *r, int argc, char **argv)
{
	static const struct option names[] = {{"create", no_argument, NULL, 'c'},
					      {"keep", no_argument, NULL, 'k'},
					      {"null", no_argument, NULL, '0'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	int c;
	while ((c = getopt_long(argc, argv, "ck0h", names, NULL)) != -1) {
		if (c == 'h')
			exit(fputs(usage_text, stdout) < 0 || fflush(stdout) ? EX_IOERR : EX_OK);
		if (c == 'c')
			r->create = true;
		else if (c == 'k')
			r->keep = true;
		else if (c == '0')
			r->end = 0;
		else
			misuse();
	}
	if (optind == argc || (optind + 1 == argc && isatty(0)))
		misuse();
}

int main(int argc, char **argv)
{
	refiler r = {.end = '\n', .safe = str_new(INPUTS_PATH_MAX * 4)};
	proc_start(argv[0]);
	options(&r, argc, argv);
	const char *folder = argv[optind++];
	r.safe_paths = r.end && isatty(1);
	if (r.create && !maildir_make(folder))
		die_errno(EX_CANTCREAT, "%s", folder);
	r.mover = mover_new(folder, r.keep);
	if (!r.mover)
		die_errno(EX_NOINPUT, "%s: no Maildir folder", folder);
	out_open(&r.o, 1, OUT_ROOM);
	for (int i = optind; i < argc && !r.o.error; i++)
		(void)add(&r, span_str(argv[i]));
	if (optind == argc && !inputs_read(0, r.end, add, &r) && !r.o.error)
		die_errno(EX_NOINPUT, "standard input");
	bool written = run(&r);
	if (!written && errno != EPIPE)
		warn_errno("standard output");
	out_close(&r.o);
	mover_free(r.mover);
	str_free(&r.safe);
	return !written ? EX_IOERR : r.trouble ? EX_NOINPUT : EX_OK;
}
