/* auth-answer: our logins at other people's servers, for who talks to them and shall know no password. */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "auth/answer_serve.h"
#include "base/die.h"
#include "io/proc.h"

static const char usage[] = "usage: auth-answer <>socket\n";

static bool packets(int fd)
{
	int type;
	socklen_t size = sizeof type;
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int main(int argc, char **argv)
{
	int c;
	proc_start(argv[0]);
	while ((c = getopt(argc, argv, "h")) != -1) {
		(void)fputs(usage, c == 'h' ? stdout : stderr);
		return c == 'h' && fflush(stdout) == 0 ? 0 : EX_TEMPFAIL;
	}
	if (optind != argc || !packets(STDIN_FILENO)) {
		(void)fputs(usage, stderr);
		return EX_TEMPFAIL;
	}
	(void)prctl(PR_SET_DUMPABLE, 0); /* what it knows is in no core file and for no debugger */
	table *logins = table_open("control/smtp-logins");
	bool done = answer_serve(STDIN_FILENO, logins);
	table_close(logins);
	if (!done)
		die_errno(EX_TEMPFAIL, "the socket");
	return 0;
}
