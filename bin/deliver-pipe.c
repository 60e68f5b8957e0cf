/* deliver-pipe: each message to a program of its own. */
#include <stdio.h>

#include "base/die.h"
#include "io/proc.h"
#include "run/agent.h"
#include "run/program.h"

static const char usage[] = "usage: deliver-pipe [-t SECONDS] COMMAND [ARGUMENT...] <message\n"
			    "       deliver-pipe [-t SECONDS] -b <jobs >>results\n";

static status deliver(void *limits, const job *j, int fd)
{
	if (!j->dest.n)
		return status_doubt("no command");
	return program_run(j->dest, j, fd, limits);
}

static char *join(char **words)
{
	str text = str_new(65536);
	for (; *words; words++) {
		(void)str_put(&text, span_str(*words));
		(void)str_putc(&text, ' ');
	}
	if (text.over)
		die(EX_TEMPFAIL, "a command that is too long");
	return text.p;
}

static int one(char **words, program_limits *limits)
{
	char *command = join(words);
	status st = agent_single(deliver, limits, command);
	free(command);
	if (!status_is_ok(&st))
		die(st.code, "%s%s%s", st.enhanced, *st.enhanced ? " " : "", st.text);
	return 0;
}

int main(int argc, char **argv)
{
	program_limits limits;
	bool batch = false;
	uint64_t seconds = UINT64_MAX;
	int c;
	proc_start(argv[0]);
	while ((c = getopt(argc, argv, "+bht:")) != -1) {
		if (c == 'h')
			return fputs(usage, stdout) < 0 || fflush(stdout) ? EX_TEMPFAIL : 0;
		if (c == 'b') {
			batch = true;
		} else if (c != 't' || !span_u64(span_str(optarg), 86400, &seconds)) {
			(void)fputs(usage, stderr);
			return EX_TEMPFAIL;
		}
	}
	if (batch ? optind != argc : optind == argc) {
		(void)fputs(usage, stderr);
		return EX_TEMPFAIL;
	}
	if (!program_limits_read(&limits))
		die_errno(EX_TEMPFAIL, "control/program-timeout, -memory or -file");
	if (seconds != UINT64_MAX)
		limits.seconds = seconds;
	if (!batch)
		return one(argv + optind, &limits);
	if (!agent_work(deliver, &limits))
		die_errno(EX_TEMPFAIL, "jobs or results");
	return 0;
}
