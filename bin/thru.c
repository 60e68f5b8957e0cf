/* thru(1): a filter between a message and the command that takes it. In `filter | sink` the sink commits whatever
 * arrived when the filter dies; here it is not even started before the filter has said that it is done. */
#include <sysexits.h>

#include "base/die.h"
#include "base/status.h"
#include "io/file.h"
#include "io/proc.h"

enum { ENVELOPE_FD = 3 };

static const char usage_text[] =
    "usage: thru FILTER [ARGUMENT...] -- NEXT [ARGUMENT...] <message\n";

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_TEMPFAIL);
}

/* The filter's arguments end at the first "--"; NEXT is behind it, and may be another thru. */
static char **split(char **filter)
{
	for (char **arg = filter; *arg; arg++)
		if (strcmp(*arg, "--") == 0) {
			*arg = NULL;
			return arg + 1;
		}
	misuse();
}

static void set_cloexec(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFD);
	if (flags >= 0)
		(void)fcntl(fd, F_SETFD, on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC);
}

static int run_filter(char **filter, int result)
{
	proc_fds fds = PROC_FDS_NONE;
	fds.out = result;
	set_cloexec(ENVELOPE_FD, true);
	pid_t pid = proc_spawn(filter, NULL, fds);
	if (pid < 0)
		die_errno(EX_TEMPFAIL, "%s", filter[0]);
	int code = proc_wait(pid, 0);
	set_cloexec(ENVELOPE_FD, false);
	return code;
}

static int say_dropped(const char *filter)
{
	char name[256];
	(void)snprintf(name, sizeof name, "%s", filter);
	for (char *c = name; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = '?';
	if (printf("dropped %s\n", name) < 0 || fflush(stdout) != 0)
		die_errno(EX_TEMPFAIL, "standard output");
	return EX_OK;
}

int main(int argc, char **argv)
{
	proc_start(argv[0]);
	if (argc > 1 && strcmp(argv[1], "-h") == 0)
		return fputs(usage_text, stdout) < 0 || fflush(stdout) ? EX_IOERR : EX_OK;
	if (argc < 2 || argv[1][0] == '-')
		misuse();
	char **next = split(argv + 1);
	if (!argv[1] || !next[0])
		misuse();
	bool envelope = fcntl(ENVELOPE_FD, F_GETFD) >= 0;
	int result = file_temp();
	/* Never on the envelope's number: NEXT would find its message there. */
	if (result >= 0 && result <= ENVELOPE_FD && !envelope)
		result = fcntl(result, F_DUPFD_CLOEXEC, ENVELOPE_FD + 1);
	if (result < 0)
		die_errno(EX_TEMPFAIL, "a temporary file");
	int code = run_filter(argv + 1, result);
	if (code == EX_HANDLED)
		return say_dropped(argv[1]);
	if (code != EX_OK)
		return status_from_filter(code);
	if (lseek(result, 0, SEEK_SET) != 0 || dup2(result, STDIN_FILENO) < 0)
		die_errno(EX_TEMPFAIL, "a temporary file");
	if (!envelope)
		(void)close(ENVELOPE_FD);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)execvp(next[0], next);
	die_errno(EX_TEMPFAIL, "%s", next[0]);
}
