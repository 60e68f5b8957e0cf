#include "run/talker.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/sandbox.h"
#include "run/talk.h"

enum { LINGER_MS = 1000, LINGER_READS = 64 };

/* Descriptors of a talker: 0 to 2 as they are, then these, and no other. */
enum { FD_KEEPER = 3, FD_WAKE = 4, FD_FIRST_CLOSED = 5 };

static volatile sig_atomic_t stop, retire, waiting, client = -1, listening;

/* Only what a signal handler may call. What blocks in accept or read ends; what comes just before it does too: the
 * listener is closed, the client's half is shut. */
static void on_signal(int sig)
{
	int saved = errno;
	retire = 1;
	if (sig == SIGTERM)
		stop = 1;
	if (client < 0 && listening)
		(void)close(0);
	if (stop && waiting && client >= 0 && shutdown(client, SHUT_RD) < 0)
		(void)close(client);
	errno = saved;
}

static void take_signals(void)
{
	struct sigaction a = {.sa_handler = on_signal};
	(void)sigemptyset(&a.sa_mask);
	(void)sigaddset(&a.sa_mask, SIGTERM);
	(void)sigaddset(&a.sa_mask, SIGHUP);
	(void)sigaction(SIGTERM, &a, NULL);
	(void)sigaction(SIGHUP, &a, NULL);
	(void)sigprocmask(SIG_UNBLOCK, &a.sa_mask,
			  NULL); /* the keeper blocked them around its fork */
}

static bool keep_only_ours(const talker_config *c)
{
	int keeper = fcntl(c->keeper, F_DUPFD_CLOEXEC, FD_FIRST_CLOSED);
	int wake = c->slot.wake < 0 ? -1 : fcntl(c->slot.wake, F_DUPFD_CLOEXEC, FD_FIRST_CLOSED);
	if (keeper < 0 || dup2(keeper, FD_KEEPER) < 0)
		return false;
	if (wake >= 0)
		(void)dup2(wake, FD_WAKE);
	else
		(void)close(FD_WAKE);
	return syscall(SYS_close_range, FD_FIRST_CLOSED, UINT_MAX, 0) == 0;
}

/* Connections have the time-out from their listener. On a pipe there is none, and poll(2) does it; so it does where
 * the descriptor cannot be made blocking, whose EAGAIN would look like the time-out. */
static bool set_timer(int idle_ms)
{
	struct timeval t = {.tv_sec = idle_ms / 1000};
	int flags = fcntl(0, F_GETFL);
	if (flags < 0 || ((flags & O_NONBLOCK) && fcntl(0, F_SETFL, flags & ~O_NONBLOCK) < 0))
		return false;
	return setsockopt(0, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t) == 0;
}

static bool enter_sandbox(const talker_config *c)
{
	if (sandbox_talker(c->listening ? 0 : -1, FD_KEEPER))
		return true;
	warn_errno("sandbox%s", c->sandbox_optional ? " (optional)" : "");
	return c->sandbox_optional;
}

/* A close with input unread would reset the connection, and the 421 would be lost with it. */
static void linger(int fd)
{
	char junk[1024];
	int64_t deadline = clock_ms() + LINGER_MS;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	(void)shutdown(fd, SHUT_WR);
	for (int i = 0; i < LINGER_READS; i++)
		if (poll(&p, 1, clock_left(deadline)) <= 0 || read(fd, junk, sizeof junk) <= 0)
			break;
}

static int serve(const talker_config *c, talk *t, in *from, out *to)
{
	const smtp_keeper keeper = talk_keeper(t);
	smtp_session s = {
	    .limits = c->limits,
	    .keeper = &keeper,
	    .in = from,
	    .out = to,
	    .stop = &stop,
	    .waiting = &waiting,
	};
	smtp_serve(&s);
	if (s.hung_up)
		linger(from->fd);
	return to->error ? EX_TEMPFAIL : EX_OK;
}

static int serve_one(const talker_config *c, talk *t, in *from, out *to)
{
	client = 0;
	in_reset(from, 0);
	out_reset(to, 1);
	return serve(c, t, from, to);
}

/* The next connection; -1 where there is none: look whether to retire, and call again. */
static int next_connection(void)
{
	struct pollfd p = {.fd = 0, .events = POLLIN};
	int fd = accept4(0, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0 &&
	    errno == EAGAIN) /* the listener's time-out, or somebody made it non-blocking */
		(void)poll(&p, 1, LINGER_MS);
	else if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
		retire = 1;
	return fd;
}

static int serve_many(const talker_config *c, talk *t, in *from, out *to)
{
	for (uint64_t served = 0; served < c->connections && !retire;) {
		prefork_idle(&c->slot);
		int fd = next_connection();
		if (fd < 0)
			continue;
		client = fd;
		prefork_busy(&c->slot);
		talk_connection(t, fd);
		in_reset(from, fd);
		out_reset(to, fd);
		(void)serve(c, t, from, to);
		client = -1;
		(void)close(fd);
		served++;
	}
	return EX_OK;
}

int talker_run(const talker_config *given, pid_t keeper)
{
	talker_config c = *given;
	talk t;
	in from;
	out to;
	listening = c.listening;
	take_signals();
	log_close();
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	bool timer = set_timer(c.limits->idle_ms);
	if (getppid() != keeper || !keep_only_ours(&c) || !enter_sandbox(&c))
		return EX_TEMPFAIL;
	if (c.slot.wake >= 0)
		c.slot.wake = FD_WAKE;
	out_open(&to, 1, SERVER_OUT); /* the small buffers first: they share pages */
	talk_open(&t, FD_KEEPER);
	in_open(&from, 0, SERVER_IN);
	from.timer = timer;
	int code = (c.listening ? serve_many : serve_one)(&c, &t, &from, &to);
	out_close(&to);
	in_close(&from);
	talk_close(&t);
	return code;
}
