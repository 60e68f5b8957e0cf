/* tcp-serve(8): accepts TCP connections and executes a program for each, on fds 0 and 1 with the
 * UCSPI environment; or, with -w, executes the program once with the listening socket itself as fd
 * 0. */
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/proc.h"
#include "io/user.h"
#include "net/listen.h"
#include "net/proxy.h"

enum { TOTAL_MAX = 100000, PROXY_MS = 10000, END_MS = 10000, NETS_MAX = 64 };

typedef struct child {
	pid_t pid;
	char ip[NET_ADDR_ROOM];
} child;

typedef struct server {
	const char *user, *refusal;
	size_t total, per_address;
	bool wait;
	const char *proxies[NETS_MAX];
	size_t proxy_count;
	char **command;
	int listener;
	child *children;
	size_t count;
} server;

static volatile sig_atomic_t ending;

static void on_signal(int sig)
{
	if (sig != SIGCHLD)
		ending = 1;
}

static void usage(FILE *to)
{
	(void)fputs(
	    "usage: tcp-serve [-w] [-u USER] [-c TOTAL] [-a PER_ADDRESS] [-m TEXT] [-p NET]… "
	    "ADDR PORT COMMAND [ARG]…\n",
	    to);
}

static size_t number(const char *text, const char *what)
{
	uint64_t n;
	if (!span_u64(span_str(text), TOTAL_MAX, &n) || n == 0)
		die(EX_USAGE, "%s: a number from 1 to %d is needed", what, TOTAL_MAX);
	return (size_t)n;
}

static void options(int argc, char **argv, server *s)
{
	int c;
	while ((c = getopt(argc, argv, "+hwu:c:a:m:p:")) != -1)
		switch (c) {
		case 'h':
			usage(stdout);
			exit(fflush(stdout) == 0 ? EX_OK : EX_IOERR);
		case 'w':
			s->wait = true;
			break;
		case 'u':
			s->user = optarg;
			break;
		case 'c':
			s->total = number(optarg, "-c");
			break;
		case 'a':
			s->per_address = number(optarg, "-a");
			break;
		case 'm':
			s->refusal = optarg;
			break;
		case 'p':
			if (s->proxy_count == NETS_MAX || !net_valid(span_str(optarg)))
				die(EX_USAGE, "-p %s: no network, or too many", optarg);
			s->proxies[s->proxy_count++] = optarg;
			break;
		default:
			usage(stderr);
			exit(EX_USAGE);
		}
	if (argc - optind < 3 || (s->wait && s->proxy_count)) {
		usage(stderr);
		exit(EX_USAGE);
	}
}

static bool from_proxy(const server *s, const char *ip)
{
	for (size_t i = 0; i < s->proxy_count; i++)
		if (net_match(span_str(s->proxies[i]), ip))
			return true;
	return false;
}

/* Reads exactly the header: what follows it belongs to the program. In the child, which may wait.
 */
static bool read_proxy(int fd, peer *p)
{
	char buf[PROXY_MAX];
	size_t n = 0, used;
	int64_t deadline = clock_ms() + PROXY_MS;
	for (;;) {
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		if (poll(&pfd, 1, clock_left(deadline)) <= 0)
			return false;
		/* One octet more is read only after a look at all that is there. */
		ssize_t got = recv(fd, buf + n, sizeof buf - n, MSG_PEEK);
		if (got <= 0)
			return false;
		enum proxy_result r = proxy_parse(span_of(buf, n + (size_t)got), p, &used);
		size_t eat = r == PROXY_OK ? used - n : (size_t)got;
		if (r == PROXY_BAD || recv(fd, buf + n, eat, 0) != (ssize_t)eat)
			return false;
		n += eat;
		if (r == PROXY_OK)
			return true;
	}
}

static _Noreturn void run_child(const server *s, int fd, peer *p)
{
	if (from_proxy(s, p->remote_ip) && !read_proxy(fd, p)) {
		warn("no PROXY header from %s", p->remote_ip);
		_exit(EX_PROTOCOL);
	}
	if (!peer_to_env(p) || dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		_exit(EX_TEMPFAIL);
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	const int sigs[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGPIPE};
	for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++)
		(void)sigaction(sigs[i], &dfl, NULL);
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execvp(s->command[0], s->command);
	warn_errno("%s", s->command[0]);
	_exit(EX_TEMPFAIL);
}

static void log_refusal(const char *ip, const char *why)
{
	log_line l;
	log_begin(&l, "refused");
	log_puts(&l, "peer", ip);
	log_puts(&l, "why", why);
	log_end(&l);
}

static bool too_many(const server *s, const char *ip)
{
	size_t same = 0;
	for (size_t i = 0; i < s->count; i++)
		same += strcmp(s->children[i].ip, ip) == 0;
	return same >= s->per_address && !from_proxy(s, ip);
}

static void accept_one(server *s)
{
	struct sockaddr_storage remote, local;
	socklen_t rlen = sizeof remote, llen = sizeof local;
	peer p;
	int fd = accept4(s->listener, (struct sockaddr *)&remote, &rlen, SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			(void)poll(NULL, 0, 100); /* out of something: not a busy loop */
		return;
	}
	bool has_local = getsockname(fd, (struct sockaddr *)&local, &llen) == 0;
	peer_from_socket(&p, (struct sockaddr *)&remote,
			 has_local ? (struct sockaddr *)&local : NULL);
	if (too_many(s, p.remote_ip)) {
		log_refusal(p.remote_ip, "per-address");
		if (s->refusal)
			(void)dprintf(fd, "%s\r\n", s->refusal);
	} else {
		pid_t pid = fork();
		if (pid == 0)
			run_child(s, fd, &p);
		if (pid > 0) {
			child *c = &s->children[s->count++];
			c->pid = pid;
			memcpy(c->ip, p.remote_ip, sizeof c->ip);
		} else {
			log_refusal(p.remote_ip, "fork");
		}
	}
	(void)close(fd);
}

static void reap(server *s)
{
	int how;
	for (pid_t pid; (pid = waitpid(-1, &how, WNOHANG)) > 0;)
		for (size_t i = 0; i < s->count; i++)
			if (s->children[i].pid == pid) {
				s->children[i] = s->children[--s->count];
				break;
			}
}

static void wait_for(server *s, int64_t deadline, const sigset_t *open)
{
	struct timespec ts = {0, 0};
	while (s->count && clock_left(deadline) > 0) {
		int ms = clock_left(deadline);
		ts.tv_sec = ms / 1000;
		ts.tv_nsec = (long)(ms % 1000) * 1000000;
		(void)ppoll(NULL, 0, &ts, open);
		reap(s);
	}
}

/* Signals are blocked outside of ppoll(2), so that none comes between the test and the wait. */
static void serve(server *s)
{
	sigset_t mask, open;
	struct sigaction sa = {.sa_handler = on_signal};
	const int sigs[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
	(void)sigemptyset(&mask);
	for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++) {
		(void)sigaddset(&mask, sigs[i]);
		(void)sigaction(sigs[i], &sa, NULL);
	}
	(void)sigprocmask(SIG_BLOCK, &mask, &open);
	while (!ending) {
		struct pollfd pfd = {.fd = s->listener, .events = POLLIN};
		/* At the limit the rest waits in the kernel's queue. */
		int n = ppoll(&pfd, s->count < s->total ? 1 : 0, NULL, &open);
		reap(s);
		if (n > 0 && !ending)
			accept_one(s);
	}
	(void)close(s->listener);
	for (size_t i = 0; i < s->count; i++)
		(void)kill(s->children[i].pid, SIGTERM);
	wait_for(s, clock_ms() + END_MS, &open);
	for (size_t i = 0; i < s->count; i++)
		(void)kill(s->children[i].pid, SIGKILL);
}

/* The program gets the listening socket; systemd and inetd do the same. It may not be inherited as
 * fd 2. */
static _Noreturn void hand_over(const server *s)
{
	if (dup2(s->listener, STDIN_FILENO) < 0)
		die_errno(EX_OSERR, "dup2");
	(void)signal(SIGPIPE, SIG_DFL);
	(void)execvp(s->command[0], s->command);
	die_errno(EX_TEMPFAIL, "%s", s->command[0]);
}

static void no_socket_as_stderr(void)
{
	struct stat st;
	int null;
	if (fstat(STDERR_FILENO, &st) == 0 && !S_ISSOCK(st.st_mode))
		return;
	if ((null = open("/dev/null", O_WRONLY | O_CLOEXEC)) < 0 || dup2(null, STDERR_FILENO) < 0)
		die_errno(EX_OSERR, "/dev/null");
	(void)close(null);
}

int main(int argc, char **argv)
{
	server s = {.total = 100, .per_address = 20};
	char ip[NET_ADDR_ROOM];
	uint16_t port;
	proc_start(argv[0]);
	options(argc, argv, &s);
	s.command = argv + optind + 2;
	log_open("tcp-serve");
	no_socket_as_stderr();
	s.listener = listen_tcp(argv[optind], argv[optind + 1]);
	if (s.listener < 0 || !listen_bound(s.listener, ip, &port))
		die_errno(errno == EINVAL ? EX_USAGE : EX_UNAVAILABLE, "%s port %s", argv[optind],
			  argv[optind + 1]);
	if (s.user && !user_become(s.user))
		die_errno(EX_NOPERM, "cannot become %s", s.user);
	(void)printf("listening %s %u\n", ip, port);
	if (fflush(stdout) != 0)
		die_errno(EX_IOERR, "stdout");
	if (s.wait)
		hand_over(&s);
	if (fcntl(s.listener, F_SETFL, O_NONBLOCK) < 0)
		die_errno(EX_OSERR, "fcntl");
	s.children = xcalloc(s.total, sizeof *s.children);
	serve(&s);
	free(s.children);
	return EX_OK;
}
