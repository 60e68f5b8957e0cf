/* imapd-lite(8): an IMAP session on fds 0 and 1; or, where fd 0 is a listening socket, all of them. */
#include <sysexits.h>

#include "base/die.h"
#include "imap/greet.h"
#include "imap/session.h"
#include "io/conv.h"
#include "io/log.h"
#include "io/proc.h"
#include "run/login.h"

static void usage(FILE *to)
{
	(void)fputs("usage: imapd-lite [-h]\n", to);
}

static void options(int argc, char **argv)
{
	int c = getopt(argc, argv, "h");
	if (c == 'h') {
		usage(stdout);
		exit(fflush(stdout) == 0 ? EX_OK : EX_IOERR);
	}
	if (c != -1 || optind < argc) {
		usage(stderr);
		exit(EX_TEMPFAIL);
	}
}

int main(int argc, char **argv)
{
	const sandbox_path converters = {conv_folder(), false};
	const login_protocol imap = {
	    .name = "imapd-lite",
	    .crowded = "* BYE [UNAVAILABLE] too many connections from there\r\n",
	    .session_in = IMAP_IN,
	    .session_out = IMAP_OUT,
	    .paths = &converters,
	    .path_count = converters.path != NULL,
	    .converters = true,
	    .talk = imap_greet,
	    .session = imap_session,
	};
	bool leave;
	proc_start(argv[0]);
	options(argc, argv);
	log_open(imap.name);
	int code = login_serve(&imap, &leave);
	if (leave)
		_exit(code);
	return code;
}
