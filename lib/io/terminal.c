#include "io/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/die.h"
#include "io/out.h"
#include "io/proc.h"

enum { ANSWER_MAX = 256 };

static void on_signal(int sig)
{
	(void)sig; /* ppoll(2) of the answer ends */
}

void terminal_hold_signals(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	struct sigaction act = {.sa_handler = on_signal};
	sigset_t held;
	(void)sigemptyset(&act.sa_mask);
	(void)sigemptyset(&held);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		(void)sigaddset(&held, signals[i]);
		(void)sigaction(signals[i], &act, NULL);
	}
	(void)sigprocmask(SIG_BLOCK, &held, NULL);
}

/* What was typed for the editor was not for us. */
static void forget_keys(void)
{
	const struct timespec now = {0};
	sigset_t keys;
	(void)sigemptyset(&keys);
	(void)sigaddset(&keys, SIGINT);
	(void)sigaddset(&keys, SIGQUIT);
	while (sigtimedwait(&keys, NULL, &now) > 0)
		;
}

int terminal_open(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

bool terminal_edit(int terminal, const char *path)
{
	char sh[] = "sh", c[] = "-c", name[] = "editor";
	char command[] = "${VISUAL:-${EDITOR:-vi}} \"$@\"";
	char *file = xstrdup(path);
	char *argv[] = {sh, c, command, name, file, NULL};
	proc_fds fds = PROC_FDS_NONE;
	int null = terminal < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
	fds.in = terminal < 0 ? null : terminal;
	fds.out = terminal < 0 ? STDERR_FILENO : terminal;
	pid_t pid = proc_spawn(argv, NULL, fds);
	bool done = pid >= 0 && proc_wait(pid, 0) == EX_OK;
	if (null >= 0)
		(void)close(null);
	free(file);
	forget_keys();
	return done;
}

/* A whole line, however long; its first octets are kept. False where it did not come. */
static bool read_line(int fd, char *first)
{
	char buf[ANSWER_MAX];
	*first = 0;
	for (bool begun = false;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		sigset_t none;
		(void)sigemptyset(&none);
		if (ppoll(&p, 1, NULL, &none) <= 0)
			return false;
		ssize_t n = read(fd, buf, sizeof buf);
		if (n <= 0)
			return false;
		if (!begun)
			*first = ascii_lower(buf[0]);
		begun = true;
		if (buf[n - 1] == '\n')
			return true;
	}
}

char terminal_ask(int terminal, span question, const char *letters)
{
	char answer;
	do {
		if (!write_all(terminal, question) || !read_line(terminal, &answer))
			return 0;
	} while (!answer || !strchr(letters, answer));
	return answer;
}
