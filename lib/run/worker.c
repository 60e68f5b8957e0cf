#include "run/worker.h"

#include <grp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/file.h"
#include "io/out.h"

/* "smtp-send" gives {"smtp-send", "-b", NULL}; false where there are no words or too many. */
static bool split_agent(span agent, char **argv, char *text, size_t room)
{
	size_t n = 0, at = 0;
	for (;;) {
		span word = span_word(&agent);
		if (word.n == 0)
			break;
		if (n + 2 >= WORKER_ARGS_MAX || word.n + 1 > room - at)
			return false;
		memcpy(text + at, word.p, word.n);
		text[at + word.n] = 0;
		argv[n++] = text + at;
		at += word.n + 1;
	}
	static char batch[] = "-b";
	argv[n] = batch;
	argv[n + 1] = NULL;
	return n > 0;
}

/* The jobs, as a file at offset 0: no pipe that could fill up, and end of file is there from the
 * start. */
static int jobs_file(span jobs)
{
	int fd = memfd_create("jobs", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	size_t at = 0;
	while (at < jobs.n) {
		ssize_t n = pwrite(fd, jobs.p + at, jobs.n - at, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			(void)close(fd);
			return -1;
		}
		at += (size_t)n;
	}
	return fd;
}

static void reset_signals(void)
{
	sigset_t none;
	struct sigaction usual = {.sa_handler = SIG_DFL};
	for (int s = 1; s < NSIG; s++)
		(void)sigaction(s, &usual, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool become(const worker_owner *o)
{
	return !o->set || (setgroups(0, NULL) == 0 && setgid(o->gid) == 0 && setuid(o->uid) == 0);
}

_Noreturn static void run_child(char *const argv[], int jobs, int result, const int *locks,
				size_t lock_count, const worker_owner *owner)
{
	struct stat st;
	bool good = true;
	reset_signals();
	if (fstat(2, &st) < 0 || S_ISSOCK(st.st_mode)) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		good = null >= 0 && dup2(null, 2) == 2;
	}
	for (size_t i = 0; i < lock_count; i++)
		good = good && fcntl(locks[i], F_SETFD, 0) == 0;
	if (good && dup2(jobs, 0) == 0 && dup2(result, 1) == 1 && become(owner))
		(void)execvp(argv[0], argv);
	warn_errno("cannot execute %s", argv[0]);
	_exit(EX_TEMPFAIL);
}

pid_t worker_spawn(span agent, span jobs, int result_fd, const int *locks, size_t lock_count,
		   const worker_owner *owner)
{
	char *argv[WORKER_ARGS_MAX], text[1024];
	if (!split_agent(agent, argv, text, sizeof text)) {
		errno = EINVAL;
		return -1;
	}
	int fd = jobs_file(jobs);
	if (fd < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0)
		run_child(argv, fd, result_fd, locks, lock_count, owner);
	int error = errno;
	(void)close(fd);
	errno = error;
	return pid;
}
