#include "run/front.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/sandbox.h"

enum { LINGER_MS = 1000, LINGER_READS = 64 };

/* Descriptors of a talker: 0 to 2 as they are, then FRONT_KEEPER and FRONT_WAKE, and no other. */
enum { FIRST_CLOSED = 5 };

volatile sig_atomic_t front_stop, front_waiting;
static volatile sig_atomic_t retire, client = -1, listening;

/* Only what a signal handler may call. What blocks in accept or read ends; what comes just before it does too: the
 * listener is closed, the client's half is shut. */
static void on_signal(int sig)
{
	int saved = errno;
	retire = 1;
	if (sig == SIGTERM)
		front_stop = 1;
	if (client < 0 && listening)
		(void)close(0);
	if (front_stop && front_waiting && client >= 0 && shutdown(client, SHUT_RD) < 0)
		(void)close(client);
	errno = saved;
}

void front_signals(int fd, bool has_listener)
{
	struct sigaction a = {.sa_handler = on_signal};
	client = fd;
	listening = has_listener;
	(void)sigemptyset(&a.sa_mask);
	(void)sigaddset(&a.sa_mask, SIGTERM);
	(void)sigaddset(&a.sa_mask, SIGHUP);
	(void)sigaction(SIGTERM, &a, NULL);
	(void)sigaction(SIGHUP, &a, NULL);
	(void)sigprocmask(SIG_UNBLOCK, &a.sa_mask,
			  NULL); /* the keeper blocked them around its fork */
}

static bool keep_only_ours(const front *f)
{
	int keeper = fcntl(f->keeper, F_DUPFD_CLOEXEC, FIRST_CLOSED);
	int wake = f->slot.wake < 0 ? -1 : fcntl(f->slot.wake, F_DUPFD_CLOEXEC, FIRST_CLOSED);
	if (keeper < 0 || dup2(keeper, FRONT_KEEPER) < 0)
		return false;
	if (wake >= 0)
		(void)dup2(wake, FRONT_WAKE);
	else
		(void)close(FRONT_WAKE);
	return syscall(SYS_close_range, FIRST_CLOSED, UINT_MAX, 0) == 0;
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

static bool enter_sandbox(const front *f)
{
	if (sandbox_talker(f->listening ? 0 : -1, FRONT_KEEPER))
		return true;
	warn_errno("sandbox%s", f->sandbox_optional ? " (optional)" : "");
	return f->sandbox_optional;
}

bool front_enter(front *f, pid_t keeper)
{
	front_signals(-1, f->listening);
	log_close();
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	f->timer = set_timer(f->idle_ms);
	if (getppid() != keeper || !keep_only_ours(f) || !enter_sandbox(f))
		return false;
	f->keeper = FRONT_KEEPER;
	if (f->slot.wake >= 0)
		f->slot.wake = FRONT_WAKE;
	return true;
}

void front_client(int fd)
{
	client = fd;
}

bool front_retiring(void)
{
	return retire;
}

int front_accept(peer *from)
{
	struct sockaddr_storage remote = {0};
	socklen_t size = sizeof remote;
	struct pollfd p = {.fd = 0, .events = POLLIN};
	int fd = accept4(0, (struct sockaddr *)&remote, &size, SOCK_CLOEXEC);
	if (fd >= 0)
		peer_from_socket(from, (struct sockaddr *)&remote, NULL);
	else if (errno == EAGAIN) /* the listener's time-out, or somebody made it non-blocking */
		(void)poll(&p, 1, LINGER_MS);
	else if (errno != EINTR && errno != ECONNABORTED)
		retire = 1;
	return fd;
}

void front_linger(int fd)
{
	char junk[1024];
	int64_t deadline = clock_ms() + LINGER_MS;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	(void)shutdown(fd, SHUT_WR);
	for (int i = 0; i < LINGER_READS; i++)
		if (poll(&p, 1, clock_left(deadline)) <= 0 || read(fd, junk, sizeof junk) <= 0)
			break;
}
