/* pop3d(8): a POP3 session on fds 0 and 1; or, where fd 0 is a listening socket, all of them. */
#include <sysexits.h>

#include "base/die.h"
#include "io/log.h"
#include "io/proc.h"
#include "pop3/greet.h"
#include "pop3/session.h"
#include "run/login.h"

static void usage(FILE *to)
{
	(void)fputs("usage: pop3d [-h]\n", to);
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
	static const login_protocol pop3 = {
	    .name = "pop3d",
	    .alpn = "pop3",
	    .crowded = "-ERR [SYS/TEMP] too many connections from there\r\n",
	    .session_in = POP3_IN,
	    .session_out = POP3_OUT,
	    .talk = pop3_greet,
	    .session = pop3_session,
	};
	bool leave;
	proc_start(argv[0]);
	options(argc, argv);
	log_open(pop3.name);
	int code = login_serve(&pop3, &leave);
	if (leave)
		_exit(code);
	return code;
}
