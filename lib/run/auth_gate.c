#include "run/auth_gate.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "base/die.h"
#include "base/str.h"
#include "io/control.h"
#include "io/passed.h"
#include "io/proc.h"
#include "io/user.h"
#include "net/ucspi.h"

enum { FDS = 3 };

bool auth_gate_ask(int gate, const char *ip, int input, int output, int exit_to)
{
	const int fds[FDS] = {input, output, exit_to};
	struct iovec v = {(void *)(uintptr_t)ip, strlen(ip) + 1};
	return passed_send(gate, &v, 1, fds, FDS) == (ssize_t)v.iov_len;
}

enum heard { REQUEST, NONSENSE, END };

static enum heard hear(int gate, char ip[static NET_ADDR_ROOM], int fds[static FDS])
{
	size_t count;
	ssize_t n = passed_recv(gate, ip, NET_ADDR_ROOM, fds, FDS, &count);
	if (n < 0)
		return errno == EINTR ? NONSENSE : END;
	if (n == 0)
		return END; /* nobody is left */
	if (count == FDS && ip[n - 1] == 0 && (n == 1 || net_valid(span_str(ip))))
		return REQUEST;
	for (size_t i = 0; i < count; i++)
		(void)close(fds[i]);
	return NONSENSE;
}

/* In a process of its own: whoever asks next does not wait for this one. */
static _Noreturn void run_one(const char *ip, const int fds[static FDS])
{
	char program[PATH_MAX];
	char *argv[] = {program, NULL};
	unsigned char code = EX_TEMPFAIL;
	(void)signal(SIGCHLD, SIG_DFL);
	if ((*ip ? setenv("TCPREMOTEIP", ip, 1) : unsetenv("TCPREMOTEIP")) == 0 &&
	    proc_beside("auth-check", program)) {
		proc_fds to = {.in = fds[0], .out = fds[1], .err = -1, .extra = -1, .extra_as = -1};
		pid_t pid = proc_spawn(argv, NULL, to);
		(void)close(fds[0]); /* their ends must be seen */
		(void)close(fds[1]);
		if (pid > 0)
			code = (unsigned char)proc_wait(pid, 0);
	}
	(void)!write(fds[2], &code, 1);
	_exit(EX_OK);
}

static _Noreturn void serve(int gate)
{
	char ip[NET_ADDR_ROOM];
	int fds[FDS];
	enum heard h;
	(void)prctl(PR_SET_NAME, "auth-gate");
	(void)signal(SIGCHLD, SIG_IGN); /* they leave no zombies */
	(void)signal(SIGTERM, SIG_IGN); /* a session that is being ended may log in still */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	while ((h = hear(gate, ip, fds)) != END) {
		if (h != REQUEST)
			continue;
		if (fork() == 0)
			run_one(ip, fds);
		for (size_t i = 0; i < FDS; i++) /* where nothing was forked, their ends say it */
			(void)close(fds[i]);
	}
	_exit(EX_OK);
}

bool auth_gate_start(int *gate)
{
	int ends[2], null;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	pid_t pid = fork();
	if (pid == 0) {
		/* it holds neither the client nor the listener */
		if (!user_limit_powers(USER_SETUID_KILL) ||
		    (null = open("/dev/null", O_RDWR)) < 0 || dup2(null, 0) < 0 ||
		    dup2(null, 1) < 0 || chdir("/") < 0)
			_exit(EX_TEMPFAIL);
		(void)close(null);
		(void)close(ends[0]);
		serve(ends[1]);
	}
	int error = errno;
	(void)close(ends[1]);
	if (pid < 0)
		(void)close(ends[0]);
	errno = error;
	*gate = ends[0];
	return pid > 0;
}

void auth_gate_make_run(void)
{
	uid_t uid;
	gid_t gid;
	str path = str_new(PATH_MAX);
	(void)str_printf(&path, "%s/auth", control_run());
	if (geteuid() == 0 && user_find("mailauth", &uid, &gid) && !path.over &&
	    mkdir(str_cstr(&path), 0700) == 0)
		(void)!chown(str_cstr(&path), uid, gid);
	str_free(&path);
}
