/* mail-7bit(1): a message → the same in 7 bits. */
#include <getopt.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/conv.h"
#include "io/map.h"
#include "io/out.h"
#include "io/proc.h"
#include "io/sandbox.h"
#include "mail/seven.h"

enum { TREE_MAX = 256 << 20, PIECE = 65536 };

static const char usage_text[] = "usage: mail-7bit <message\n";

static void put(void *arg, span octets)
{
	out_put(arg, octets);
}

static int convert(span message, out *o)
{
	arena a = arena_new(TREE_MAX);
	conv *converters = conv_new();
	charset_opener opener = conv_opener(converters);
	seven s;
	enum seven_result result = seven_open(&s, message, &opener, &a);
	status st = seven_status(&s, result);
	if (status_is_ok(&st))
		seven_write(&s, put, o);
	else
		(void)fprintf(stderr, "%s %s\n", st.enhanced, st.text);
	conv_free(converters);
	arena_free(&a);
	return st.code;
}

static void confine(void)
{
	sandbox_path path = {conv_folder(), false};
	if (!sandbox_reader(&path, path.path != NULL))
		die_errno(EX_OSERR, "sandbox");
}

int main(int argc, char **argv)
{
	static const struct option names[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	map m;
	out o;
	int c;
	proc_start(argv[0]);
	while ((c = getopt_long(argc, argv, "h", names, NULL)) != -1) {
		(void)fputs(usage_text, c == 'h' ? stdout : stderr);
		return c != 'h' ? EX_USAGE : fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	}
	if (optind < argc) {
		(void)fputs(usage_text, stderr);
		return EX_USAGE;
	}
	if (!map_open(&m, 0, INT64_MAX))
		die_errno(EX_NOINPUT, "message");
	out_open(&o, 1, PIECE);
	confine();
	int code = convert(m.octets, &o);
	if (!out_flush(&o)) {
		warn_errno("standard output");
		code = EX_IOERR;
	}
	out_close(&o);
	map_close(&m);
	return code;
}
