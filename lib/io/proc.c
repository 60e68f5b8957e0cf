/* Children: fork, place the descriptors, execvp. The rule "a missing program defers" lives here:
 * whatever goes wrong between fork and exec is exit 75, never the shell's 126 or 127, which an
 * agent's table of exit codes would have to guess about. */
#include "io/proc.h"

#include <poll.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/clock.h"

enum { KILL_AFTER_MS = 5000, POLL_MS = 20, FD_HIGH = 20 };

static bool is_socket(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* A copy out of the way of the numbers that are about to be overwritten; -1 stays -1. */
static int lifted(int fd)
{
	if (fd < 0)
		return -1;
	int high = fcntl(fd, F_DUPFD_CLOEXEC, FD_HIGH);
	if (high < 0)
		_exit(EX_TEMPFAIL);
	return high;
}

static void place(int fd, int at)
{
	if (fd >= 0 && dup2(fd, at) < 0)
		_exit(EX_TEMPFAIL);
}

static void place_all(proc_fds fds)
{
	int err = fds.err;
	if (is_socket(err >= 0 ? err : STDERR_FILENO))
		err = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int in = lifted(fds.in), out = lifted(fds.out), extra = lifted(fds.extra);
	err = lifted(err);
	place(in, STDIN_FILENO);
	place(out, STDOUT_FILENO);
	place(err, STDERR_FILENO);
	if (fds.extra_as > STDERR_FILENO)
		place(extra, fds.extra_as);
}

static void reset_signals(void)
{
	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			signal(sig,
			       SIG_DFL); /* the numbers that libc keeps for itself fail, rightly */
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t proc_spawn(char *const argv[], char *const env[], proc_fds fds)
{
	/* All signals wait until the child has the default dispositions: a handler of the parent's
	 * must never run in it. */
	sigset_t all, before;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();
	if (pid != 0) {
		int saved = errno;
		sigprocmask(SIG_SETMASK, &before, NULL);
		errno = saved;
		return pid;
	}
	place_all(fds);
	reset_signals();
	if (env)
		execvpe(argv[0], argv, env);
	else
		execvp(argv[0], argv);
	warn_errno("%s", argv[0]);
	_exit(EX_TEMPFAIL);
}

/* Whether the child has ended by `deadline` of clock_ms(). Without a pidfd (an old kernel, valgrind) it is
 * looked at every POLL_MS. */
static bool ended_by(pid_t pid, int pidfd, int64_t deadline)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	for (;;) {
		int left = clock_left(deadline);
		siginfo_t info = {.si_pid = 0};
		if (pidfd < 0 && left > POLL_MS)
			left = POLL_MS;
		if (poll(&p, 1, left) > 0)
			return true;
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    info.si_pid == pid)
			return true; /* waitpid() says the rest */
		if (clock_left(deadline) == 0)
			return false;
	}
}

/* True where the child had to be told to end. */
static bool end_late_child(pid_t pid, int64_t deadline)
{
	int pidfd = pidfd_open(pid, 0);
	bool late = !ended_by(pid, pidfd, deadline);
	if (late) {
		kill(pid, SIGTERM);
		if (!ended_by(pid, pidfd, clock_ms() + KILL_AFTER_MS))
			kill(pid, SIGKILL);
	}
	if (pidfd >= 0)
		close(pidfd);
	return late;
}

int proc_wait(pid_t pid, int64_t deadline)
{
	int how = 0;
	bool late = deadline != 0 && end_late_child(pid, deadline);
	while (waitpid(pid, &how, 0) < 0)
		if (errno != EINTR)
			return EX_TEMPFAIL;
	return late || !WIFEXITED(how) ? EX_TEMPFAIL : WEXITSTATUS(how);
}

bool proc_beside(const char *name, char path[static PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self);
	span folder = span_of(self, n > 0 ? (size_t)n : 0);
	folder.n = span_rfind(folder, '/');
	if (n <= 0)
		return false;
	int made = snprintf(path, PATH_MAX, "%.*s/%s", SPAN_FMT(folder), name);
	errno = ENAMETOOLONG;
	return made > 0 && made < PATH_MAX;
}

void proc_start(const char *argv0)
{
	if (argv0 && *argv0) {
		const char *slash = strrchr(argv0, '/');
		die_program = slash && slash[1] ? slash + 1 : argv0;
	}
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
			int flags = fd == STDIN_FILENO ? O_RDONLY : O_WRONLY;
			if (open("/dev/null", flags) != fd)
				_exit(EX_TEMPFAIL);
		}
	signal(SIGPIPE, SIG_IGN);
}
