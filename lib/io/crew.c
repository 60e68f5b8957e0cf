#include "io/crew.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/in.h"

enum {
	RESULT_MAX = 1 << 30, /* octets that one piece may write */
	PIPE_ROOM = 1 << 20,  /* so that nobody waits for his turn to be read */
	READ_ROOM = 65536,
	QUIET_MS = 2000,
	SHOW_MS = 250,
	AHEAD_LEAST = 512,
};

typedef struct frame {
	uint32_t octets;
	crew_tally tally;
} frame;

typedef struct crew {
	size_t count, piece, members;
	crew_work *work;
	void *arg;
	pid_t pids[CREW_MEMBERS_MAX];
	in pipes[CREW_MEMBERS_MAX];
	int64_t begun, shown; /* clock_ms(); shown 0: nothing is */
} crew;

static size_t processors(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return 1;
	size_t n = (size_t)CPU_COUNT(&set);
	return n < CREW_MEMBERS_MAX ? n : CREW_MEMBERS_MAX;
}

static bool do_piece(const crew *c, size_t index, str *result, crew_tally *tally)
{
	size_t from = index * c->piece;
	size_t to = c->count - from < c->piece ? c->count : from + c->piece;
	c->work(c->arg, from, to, result, tally);
	return !result->over;
}

static _Noreturn void be_member(const crew *c, size_t me, int fd)
{
	str result = str_new(RESULT_MAX);
	bool good = true;
	for (size_t i = 0; i < me; i++)
		(void)close(
		    c->pipes[i].fd); /* or that member would never learn that nobody reads */
	for (size_t i = me; good && i * c->piece < c->count; i += c->members) {
		frame f = {0};
		str_clear(&result);
		(void)str_put(&result, span_of((char *)&f, sizeof f));
		good = do_piece(c, i, &result, &f.tally);
		f.octets = (uint32_t)(result.n - sizeof f);
		memcpy(result.p, &f, sizeof f);
		good = good && write_all(fd, str_span(&result));
	}
	_exit(good ? 0 : 75);
}

static bool start_member(crew *c, size_t me)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	(void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_ROOM);
	pid_t pid = fork();
	if (pid == 0)
		be_member(c, me, fds[1]);
	(void)close(fds[1]);
	if (pid < 0) {
		(void)close(fds[0]);
		return false;
	}
	c->pids[me] = pid;
	in_open(&c->pipes[me], fds[0], READ_ROOM);
	return true;
}

static void show(crew *c, size_t done)
{
	int64_t now = clock_ms();
	if (now - c->begun < QUIET_MS || now - c->shown < SHOW_MS)
		return;
	if (!c->shown && (!isatty(2) || isatty(1)))
		c->begun = INT64_MAX / 2; /* never */
	else if (dprintf(2, "\r%zu of %zu", done < c->count ? done : c->count, c->count) > 0)
		c->shown = now;
}

static bool copy_frame(in *from, out *o, crew_tally *sum)
{
	frame f;
	span octets;
	if (in_exact(from, &f, sizeof f) != IN_OK)
		return false;
	for (size_t left = f.octets; left;) {
		if (in_peek(from, &octets) != IN_OK)
			return false;
		octets = span_sub(octets, 0, left);
		out_put(o, octets);
		in_skip(from, octets.n);
		left -= octets.n;
	}
	sum->done += f.tally.done;
	sum->failed += f.tally.failed;
	return true;
}

static bool gather(crew *c, out *o, crew_tally *sum)
{
	for (size_t i = 0; i * c->piece < c->count; i++) {
		if (!copy_frame(&c->pipes[i % c->members], o, sum))
			return false;
		if (o->error)
			return false;
		show(c, (i + 1) * c->piece);
	}
	return true;
}

/* A member that still writes gets EPIPE and ends. */
static bool dismiss(crew *c, size_t members)
{
	bool good = true;
	for (size_t i = 0; i < members; i++) {
		(void)close(c->pipes[i].fd);
		in_close(&c->pipes[i]);
	}
	for (size_t i = 0; i < members; i++) {
		int how = 0;
		while (waitpid(c->pids[i], &how, 0) < 0 && errno == EINTR)
			;
		good = good && WIFEXITED(how) && WEXITSTATUS(how) == 0;
	}
	return good;
}

static bool alone(crew *c, out *o, crew_tally *sum)
{
	str result = str_new(RESULT_MAX);
	bool good = true;
	for (size_t i = 0; good && i * c->piece < c->count && !o->error; i++) {
		str_clear(&result);
		good = do_piece(c, i, &result, sum);
		out_put(o, str_span(&result));
		show(c, (i + 1) * c->piece);
	}
	str_free(&result);
	return good;
}

bool crew_run(size_t count, size_t piece, crew_work *work, void *arg, out *o, crew_tally *sum)
{
	crew c = {.count = count,
		  .piece = piece,
		  .members = processors(),
		  .work = work,
		  .arg = arg,
		  .begun = clock_ms()};
	size_t started = 0;
	bool good;
	if (count < 2 * piece || c.members < 2) {
		good = alone(&c, o, sum);
	} else {
		while (started < c.members && start_member(&c, started))
			started++;
		good = started == c.members && gather(&c, o, sum);
		good = dismiss(&c, started) && good;
	}
	if (c.shown)
		(void)dprintf(2, "\r%40s\r", "");
	if (!out_flush(o))
		return false;
	errno = good ? errno : ECHILD;
	return good;
}

/* ---- ahead */

void crew_ahead_open(crew_ahead *a, size_t room, crew_glance *glance, void *arg)
{
	*a = (crew_ahead){.glance = glance, .arg = arg, .room = room};
	size_t n = processors();
	if (n < 2)
		return;
	/* only what is touched becomes memory */
	void *marks = mmap(NULL, room, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (marks == MAP_FAILED)
		return;
	a->marks = marks;
	a->members = n - 1; /* one makes the list */
}

/* Nobody waits for what it finds any more, once the one that makes the list is gone. */
static _Noreturn void be_ahead(const crew_ahead *a, size_t count, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
		a->glance(a->arg, a->given, count);
	_exit(0);
}

/* Each time more than all before: few processes, however little there is to do for an entry. */
void crew_ahead_grown(crew_ahead *a, size_t count)
{
	if (count < a->given || count - a->given < AHEAD_LEAST + a->given)
		return;
	for (size_t i = 0; i < a->members; i++) {
		if (a->pids[i] && waitpid(a->pids[i], NULL, WNOHANG) == 0)
			continue;
		pid_t parent = getpid(), pid = fork();
		if (pid == 0)
			be_ahead(a, count, parent);
		a->pids[i] = pid < 0 ? 0 : pid;
		if (pid > 0)
			a->given = count;
		return;
	}
}

unsigned char *crew_ahead_mark(const crew_ahead *a, size_t i)
{
	return a->marks && i < a->room ? a->marks + i : NULL;
}

void crew_ahead_end(crew_ahead *a)
{
	for (size_t i = 0; i < a->members; i++)
		if (a->pids[i])
			(void)kill(a->pids[i], SIGKILL);
	for (size_t i = 0; i < a->members; i++)
		while (a->pids[i] && waitpid(a->pids[i], NULL, 0) < 0 && errno == EINTR)
			;
	a->members = 0;
}

void crew_ahead_free(crew_ahead *a)
{
	crew_ahead_end(a);
	if (a->marks)
		(void)munmap(a->marks, a->room);
	a->marks = NULL;
}
