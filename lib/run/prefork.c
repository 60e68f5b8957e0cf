#include "run/prefork.h"

#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/die.h"
#include "io/clock.h"

enum { FREE, IDLE, BUSY };

enum {
	SHRINK_MS = 5000, /* how often too many idle pairs are looked for */
	BACKOFF_MS =
	    1000, /* after a pair that failed: something is wrong, and forking on makes it no better */
	END_MS = 10000, /* sessions in the middle of a message get this long after SIGTERM */
};

typedef struct state {
	const prefork *want;
	volatile unsigned char *board;
	pid_t *pids;
	size_t total;
	int64_t backoff; /* no fork before */
	int wake[2];
} state;

static volatile sig_atomic_t ending, retiring, child_ended;
static int signal_pipe = -1;

static void on_signal(int sig)
{
	int saved = errno;
	if (sig == SIGTERM || sig == SIGINT)
		ending++;
	else if (sig == SIGHUP)
		retiring = 1;
	else
		child_ended = 1;
	(void)!write(signal_pipe, "", 1);
	errno = saved;
}

static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
enum { SIGNALS = sizeof signals / sizeof *signals };

static void take_signals(void (*handler)(int))
{
	struct sigaction a = {.sa_handler = handler};
	(void)sigemptyset(&a.sa_mask);
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaction(signals[i], &a, NULL);
}

/* A child keeps them blocked until it can act on them (run/pair.c): none is lost, none kills it half made. */
static void block(int how)
{
	sigset_t set;
	(void)sigemptyset(&set);
	for (size_t i = 0; i < SIGNALS; i++)
		if (signals[i] != SIGCHLD)
			(void)sigaddset(&set, signals[i]);
	(void)sigprocmask(how, &set, NULL);
}

static size_t count_of(const volatile unsigned char *board, size_t count, unsigned char what)
{
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		n += board[i] == what;
	return n;
}

void prefork_idle(const prefork_slot *s)
{
	if (s->board)
		s->board[s->index] = IDLE;
}

void prefork_busy(const prefork_slot *s)
{
	if (!s->board)
		return;
	s->board[s->index] = BUSY;
	if (count_of(s->board, s->count, IDLE) < s->low)
		(void)!write(s->wake, "", 1); /* full: the parent is about to wake anyway */
}

/* True in the child. */
static bool spawn(state *s, prefork_slot *slot)
{
	size_t i = 0;
	while (i < s->want->cap && s->pids[i])
		i++;
	pid_t parent = getpid();
	s->board[i] = IDLE;
	block(SIG_BLOCK);
	pid_t pid = fork();
	if (pid == 0) {
		take_signals(SIG_DFL);
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			(void)raise(SIGTERM);
		(void)close(s->wake[0]);
		*slot =
		    (prefork_slot){s->board, i, s->want->cap, (s->want->spare + 1) / 2, s->wake[1]};
		free(s->pids);
		return true;
	}
	block(SIG_UNBLOCK);
	if (pid < 0) {
		s->board[i] = FREE;
		s->backoff = clock_ms() + BACKOFF_MS;
		return false;
	}
	s->pids[i] = pid;
	s->total++;
	return false;
}

static bool fill(state *s, prefork_slot *slot)
{
	for (size_t i = 0; i < s->want->cap; i++)
		if (!s->pids[i])
			s->board[i] =
			    FREE; /* a talker whose keeper was killed may still have said idle */
	while (!ending && clock_ms() >= s->backoff && s->total < s->want->cap &&
	       count_of(s->board, s->want->cap, IDLE) < s->want->spare)
		if (spawn(s, slot))
			return true;
	return false;
}

static void reap(state *s)
{
	int how;
	pid_t pid;
	while ((pid = waitpid(-1, &how, WNOHANG)) > 0)
		for (size_t i = 0; i < s->want->cap; i++)
			if (s->pids[i] == pid) {
				s->pids[i] = 0;
				s->board[i] = FREE;
				s->total--;
				if (!WIFEXITED(how) || WEXITSTATUS(how))
					s->backoff = clock_ms() + BACKOFF_MS;
			}
}

static void tell_all(state *s, int sig)
{
	for (size_t i = 0; i < s->want->cap; i++)
		if (s->pids[i])
			(void)kill(s->pids[i], sig);
}

/* One idle pair too many retires at a time. */
static void shrink(state *s)
{
	if (count_of(s->board, s->want->cap, IDLE) <= 2 * s->want->spare)
		return;
	for (size_t i = s->want->cap; i-- > 0;)
		if (s->pids[i] && s->board[i] == IDLE) {
			s->board[i] = BUSY; /* not counted any more */
			(void)kill(s->pids[i], SIGHUP);
			return;
		}
}

static void wait_for_something(state *s, int64_t deadline)
{
	char junk[256];
	struct pollfd p = {.fd = s->wake[0], .events = POLLIN};
	int64_t now = clock_ms();
	if (deadline == 0 && s->backoff > now)
		deadline = s->backoff;
	else if (deadline == 0 && s->total > 2 * s->want->spare)
		deadline = now + SHRINK_MS;
	if (poll(&p, 1, clock_left(deadline)) == 0)
		shrink(s);
	while (read(s->wake[0], junk, sizeof junk) > 0)
		;
	if (child_ended) {
		child_ended = 0;
		reap(s);
	}
}

static void end_all(state *s)
{
	int64_t deadline = clock_ms() + END_MS;
	sig_atomic_t asked = ending;
	tell_all(s, SIGTERM);
	while (s->total && ending == asked && clock_left(deadline))
		wait_for_something(s, deadline);
	tell_all(s, SIGKILL);
	while (s->total && waitpid(-1, NULL, 0) > 0)
		s->total--;
}

/* A process that is woken does not interrupt another: with dozens of pairs on a few cores fewer switches, and up to a
 * tenth more connections a second. A latency of microseconds is the price. */
static void prefer_throughput(void)
{
	struct sched_param none = {.sched_priority = 0};
	(void)sched_setscheduler(0, SCHED_BATCH, &none); /* children inherit it */
}

static bool prepare(state *s)
{
	s->board =
	    mmap(NULL, PREFORK_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->board == MAP_FAILED || pipe2(s->wake, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	signal_pipe = s->wake[1];
	prefer_throughput();
	s->pids = xcalloc(s->want->cap, sizeof *s->pids);
	take_signals(on_signal);
	return true;
}

enum prefork_role prefork_run(const prefork *want, prefork_slot *slot)
{
	state s = {.want = want, .wake = {-1, -1}};
	if (!prepare(&s))
		return PREFORK_ERROR;
	while (!ending) {
		if (fill(&s, slot))
			return PREFORK_PAIR;
		wait_for_something(&s, 0);
		if (retiring) {
			retiring = 0;
			tell_all(&s, SIGHUP);
		}
	}
	end_all(&s);
	free(s.pids);
	return PREFORK_PARENT;
}
