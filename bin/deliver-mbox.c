/* deliver-mbox: a message at the end of an mbox file. */
#include <signal.h>
#include <stdio.h>

#include "base/die.h"
#include "io/proc.h"
#include "run/agent.h"
#include "run/mbox.h"

static const char usage[] = "usage: deliver-mbox FILE <message\n"
			    "       deliver-mbox -b <jobs >>results\n";

static status deliver(void *arg, const job *j, int fd)
{
	arena mem = arena_new(65536);
	const char *path = arena_cstr(&mem, j->dest);
	(void)arg;
	status st = path && *path ? mbox_deliver(path, j, fd) : status_doubt("no file");
	arena_free(&mem);
	return st;
}

int main(int argc, char **argv)
{
	bool batch = false;
	int c;
	proc_start(argv[0]);
	(void)signal(SIGXFSZ,
		     SIG_IGN); /* a limit on file sizes is EFBIG, and the message stays queued */
	while ((c = getopt(argc, argv, "bh")) != -1) {
		if (c == 'h')
			return fputs(usage, stdout) < 0 || fflush(stdout) ? EX_TEMPFAIL : 0;
		if (c != 'b') {
			(void)fputs(usage, stderr);
			return EX_TEMPFAIL;
		}
		batch = true;
	}
	if (argc - optind != (batch ? 0 : 1)) {
		(void)fputs(usage, stderr);
		return EX_TEMPFAIL;
	}
	if (batch) {
		if (!agent_work(deliver, NULL))
			die_errno(EX_TEMPFAIL, "jobs or results");
		return 0;
	}
	status st = agent_single(deliver, NULL, argv[optind]);
	if (!status_is_ok(&st))
		die(st.code, "%s%s%s", st.enhanced, *st.enhanced ? " " : "", st.text);
	return 0;
}
