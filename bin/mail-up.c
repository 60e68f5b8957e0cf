/* mail-up(8): the whole system in the foreground, on loopback: binds the listeners, hands each to
 * its server (wait mode: the listening socket is fd 0), starts queue-run -w, restarts what dies,
 * and ends all of it with itself. The listening sockets are kept here, so a restart refuses no
 * connection. */
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/log.h"
#include "io/proc.h"
#include "net/listen.h"

enum { READY_MS = 15000, END_MS = 10000, DELAY_MIN = 100, DELAY_MAX = 30000, PORT_MAX = 65535 };

/* One line a service. A new server gets a line here and nothing else. `needs` is another program
 * that must exist beside it. `tls`: tls-wrap is in front of it, where there is control/tls, with these protocols of ALPN. */
static const struct service {
	const char *name;
	unsigned port; /* the standard one; 0: listens nowhere */
	const char *args[4];
	const char *needs, *tls;
} services[] = {
    {"smtp", 25, {"smtp-recv"}, NULL, NULL},
    {"submission", 587, {"smtp-recv", "-s"}, "auth-check", NULL},
    {"submissions", 465, {"smtp-recv", "-s"}, "tls-wrap", "smtp,esmtp"},
    {"pop3", 110, {"pop3d"}, "auth-check", NULL},
    {"pop3s", 995, {"pop3d"}, "tls-wrap", "pop3"},
    {"imap", 143, {"imapd-lite"}, "auth-check", NULL},
    {"imaps", 993, {"imapd-lite"}, "tls-wrap", "imap"},
    {"queue", 0, {"queue-run", "-w"}, NULL, NULL},
};

enum { SERVICES = sizeof services / sizeof *services };

static struct running {
	bool wanted;
	pid_t pid; /* 0: not running */
	int listener;
	uint16_t port;
	int delay;	 /* milliseconds until the next start after it dies */
	int64_t started; /* of clock_ms() */
	int64_t due;	 /* when to start again */
} running[SERVICES];

static volatile sig_atomic_t ending;
static sigset_t unblocked;

static void on_signal(int sig)
{
	if (sig != SIGCHLD)
		ending = 1;
}

static void usage(FILE *to)
{
	(void)fputs("usage: mail-up [-p BASE]\n", to);
}

static unsigned options(int argc, char **argv)
{
	uint64_t base = 2000;
	int c;
	while ((c = getopt(argc, argv, "hp:")) != -1)
		if (c == 'h') {
			usage(stdout);
			exit(fflush(stdout) == 0 ? EX_OK : EX_IOERR);
		} else if (c != 'p' || !span_u64(span_str(optarg), PORT_MAX - 1000, &base)) {
			usage(stderr);
			exit(EX_USAGE);
		}
	if (optind != argc) {
		usage(stderr);
		exit(EX_USAGE);
	}
	return (unsigned)base;
}

static void program_path(const char *name, char path[static PATH_MAX])
{
	if (!proc_beside(name, path))
		die_errno(EX_OSERR, "/proc/self/exe");
}

static bool beside(const char *name)
{
	char path[PATH_MAX];
	if (!name)
		return true;
	program_path(name, path);
	return access(path, X_OK) == 0;
}

static void bind_all(unsigned base)
{
	for (size_t i = 0; i < SERVICES; i++) {
		const struct service *s = &services[i];
		struct running *r = &running[i];
		char port[12], ip[NET_ADDR_ROOM];
		*r = (struct running){.listener = -1, .delay = DELAY_MIN};
		r->wanted =
		    beside(s->args[0]) && beside(s->needs) && (!s->tls || control_exists("tls"));
		if (!r->wanted || !s->port)
			continue;
		(void)snprintf(port, sizeof port, "%u", base ? base + s->port : 0);
		r->listener = listen_tcp("127.0.0.1", port);
		if (r->listener < 0 || !listen_bound(r->listener, ip, &r->port))
			die_errno(EX_UNAVAILABLE,
				  "127.0.0.1 port %s (%s; another base is chosen by -p)", port,
				  s->name);
	}
}

static _Noreturn void run_child(const struct service *s, const struct running *r, pid_t parent)
{
	char path[PATH_MAX], wrapper[PATH_MAX];
	char *argv[8] = {NULL};
	size_t n = 0;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || null < 0)
		_exit(EX_TEMPFAIL);
	if (dup2(r->listener >= 0 ? r->listener : null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0)
		_exit(EX_TEMPFAIL);
	const int sigs[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGPIPE};
	for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++)
		(void)signal(sigs[i], SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &unblocked, NULL);
	program_path("tls-wrap", wrapper);
	program_path(s->args[0], path);
	if (s->tls) {
		argv[n++] = wrapper;
		argv[n++] = xstrdup("-a");
		argv[n++] = xstrdup(s->tls);
	}
	argv[n++] = path; /* with its folder: queue-run finds its agents there */
	for (size_t i = 1; i < 4 && s->args[i]; i++)
		argv[n++] = xstrdup(s->args[i]);
	(void)execv(argv[0], argv);
	warn_errno("%s", argv[0]);
	_exit(EX_TEMPFAIL);
}

static void start(size_t i)
{
	struct running *r = &running[i];
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		run_child(&services[i], r, parent);
	r->started = clock_ms();
	if (pid > 0)
		r->pid = pid;
	else
		r->due = r->started + r->delay;
}

/* What has died is due again after its delay, which doubles unless it lived for a minute. */
static void reap(void)
{
	int how;
	for (pid_t pid; (pid = waitpid(-1, &how, WNOHANG)) > 0;)
		for (size_t i = 0; i < SERVICES; i++) {
			struct running *r = &running[i];
			if (r->pid != pid)
				continue;
			int64_t now = clock_ms();
			log_line l;
			if (now - r->started > 60000)
				r->delay = DELAY_MIN;
			r->pid = 0;
			r->due = now + r->delay;
			r->delay = r->delay * 2 < DELAY_MAX ? r->delay * 2 : DELAY_MAX;
			if (ending)
				continue;
			log_begin(&l, "died");
			log_puts(&l, "service", services[i].name);
			log_putn(&l, WIFEXITED(how) ? "exit" : "signal",
				 WIFEXITED(how) ? WEXITSTATUS(how) : WTERMSIG(how));
			log_putn(&l, "again_ms", r->due - now);
			log_end(&l);
		}
}

/* Starts what is due; milliseconds until the next start, -1: none waits. */
static int start_due(void)
{
	int next = -1;
	for (size_t i = 0; i < SERVICES; i++) {
		struct running *r = &running[i];
		if (!r->wanted || r->pid)
			continue;
		int left = clock_left(r->due ? r->due : 1);
		if (left == 0)
			start(i);
		else if (next < 0 || left < next)
			next = left;
	}
	return next;
}

static void wait_event(struct pollfd *pfd, int ms)
{
	struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};
	(void)ppoll(pfd, pfd ? 1 : 0, ms < 0 ? NULL : &ts, &unblocked);
	reap();
}

/* Connects and waits for the greeting: only then does the program behind the socket answer. */
static bool greets(size_t i, int64_t deadline)
{
	struct sockaddr_storage sa;
	socklen_t n = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool said = false;
	if (fd < 0 || getsockname(running[i].listener, (struct sockaddr *)&sa, &n) < 0 ||
	    connect(fd, (struct sockaddr *)&sa, n) < 0)
		die_errno(EX_UNAVAILABLE, "%s", services[i].name);
	while (!said && !ending && clock_left(deadline) > 0) {
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		char c;
		int ms = start_due(), left = clock_left(deadline);
		wait_event(&pfd, ms < 0 || ms > left ? left : ms);
		said = (pfd.revents & POLLIN) && recv(fd, &c, 1, MSG_DONTWAIT) == 1;
		if ((pfd.revents & POLLIN) && !said)
			break; /* closed without a word */
	}
	(void)send(fd, "QUIT\r\n", 6, MSG_NOSIGNAL);
	(void)close(fd);
	return said;
}

static void end_all(void)
{
	int64_t deadline = clock_ms() + END_MS;
	size_t left = SERVICES;
	ending = 1;
	for (size_t i = 0; i < SERVICES; i++)
		if (running[i].pid)
			(void)kill(running[i].pid, SIGTERM);
	while (left && clock_left(deadline) > 0) {
		left = 0;
		reap();
		for (size_t i = 0; i < SERVICES; i++)
			left += running[i].pid != 0;
		if (left)
			wait_event(NULL, clock_left(deadline));
	}
	for (size_t i = 0; i < SERVICES; i++)
		if (running[i].pid)
			(void)kill(running[i].pid, SIGKILL);
}

static void signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};
	const int sigs[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
	sigset_t mask;
	(void)sigemptyset(&mask);
	(void)sigemptyset(&unblocked);
	for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++) {
		(void)sigaddset(&mask, sigs[i]);
		(void)sigaction(sigs[i], &sa, NULL);
	}
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
}

/* Says the ports and `ready` (TLS greets nobody who does not begin); false where a service does not answer. */
static bool say_ready(void)
{
	int64_t deadline = clock_ms() + READY_MS;
	for (size_t i = 0; i < SERVICES; i++)
		if (running[i].port)
			(void)printf("%s %u\n", services[i].name, running[i].port);
	(void)fflush(stdout);
	for (size_t i = 0; i < SERVICES && !ending; i++)
		if (running[i].port && !services[i].tls && !greets(i, deadline) && !ending) {
			warn("%s (port %u) does not answer", services[i].name, running[i].port);
			return false;
		}
	if (!ending)
		(void)puts("ready");
	return fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
	proc_start(argv[0]);
	unsigned base = options(argc, argv);
	log_open("mail-up");
	int queue = control_open_dir("queue/new");
	if (queue < 0 || !control_exists("me"))
		die_errno(EX_CONFIG, "%s is no installation (mail-init DOMAIN makes one)",
			  control_root());
	(void)close(queue);
	bind_all(base);
	signals();
	(void)start_due();
	bool ready = say_ready();
	while (ready && !ending)
		wait_event(NULL, start_due());
	end_all();
	return ready ? EX_OK : EX_UNAVAILABLE;
}
