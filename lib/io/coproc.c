#include "io/coproc.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/in.h"
#include "io/out.h"
#include "io/proc.h"

struct coproc {
	char *path;
	pid_t pid;   /* 0: none runs */
	pid_t owner; /* the process that started it */
	int to;	     /* its fd 0 */
	in from;     /* its fd 1 */
	int ms;
};

coproc *coproc_new(const char *path)
{
	coproc *c = xcalloc(1, sizeof *c);
	c->path = xstrdup(path);
	c->to = -1;
	c->from.fd = -1;
	c->ms = COPROC_MS;
	return c;
}

void coproc_deadline(coproc *c, int milliseconds)
{
	c->ms = milliseconds;
}

static void end(coproc *c, int64_t patience_ms)
{
	if (!c->pid)
		return;
	(void)close(c->to);
	(void)close(c->from.fd);
	in_close(&c->from);
	if (c->owner == getpid())
		(void)proc_wait(c->pid, clock_ms() + patience_ms);
	c->pid = 0;
	c->to = -1;
}

void coproc_free(coproc *c)
{
	if (!c)
		return;
	end(c, 1000);
	free(c->path);
	free(c);
}

static bool start(coproc *c)
{
	int down[2], up[2];
	if (pipe2(down, O_CLOEXEC) < 0)
		return false;
	if (pipe2(up, O_CLOEXEC) < 0) {
		(void)close(down[0]);
		(void)close(down[1]);
		return false;
	}
	proc_fds fds = PROC_FDS_NONE;
	fds.in = down[0];
	fds.out = up[1];
	char *argv[] = {c->path, NULL};
	pid_t pid = proc_spawn(argv, NULL, fds);
	(void)close(down[0]);
	(void)close(up[1]);
	if (pid < 0) {
		(void)close(down[1]);
		(void)close(up[0]);
		return false;
	}
	c->pid = pid;
	c->owner = getpid();
	c->to = down[1];
	in_open(&c->from, up[0], COPROC_ANSWER_MAX + 2);
	return true;
}

/* Whether something can be read before it was asked for: an answer that would be taken for the
 * next. */
static bool out_of_step(const coproc *c)
{
	struct pollfd p = {.fd = c->from.fd, .events = POLLIN};
	return in_buffered(&c->from) || poll(&p, 1, 0) != 0;
}

static const char *ask(coproc *c, span question, span *line)
{
	char text[1024];
	if (question.n + 1 > sizeof text)
		return "the key is too long";
	memcpy(text, question.p, question.n);
	text[question.n] = '\n';
	if (!write_all(c->to, span_of(text, question.n + 1)))
		return "the program does not read";
	c->from.deadline = clock_ms() + c->ms;
	switch (in_line(&c->from, COPROC_ANSWER_MAX + 1, line)) {
	case IN_OK:
		if (line->p[line->n - 1] == '\n')
			return out_of_step(c) ? "the program answers more than one line" : NULL;
		return "the program ended inside a line";
	case IN_EOF:
		return "the program ended without an answer";
	case IN_LONG:
		return "the program's answer is too long";
	case IN_TIMEOUT:
		return "the program does not answer in time";
	default:
		return "the program's answer cannot be read";
	}
}

bool coproc_ask(coproc *c, span question, arena *a, span *answer, const char **error)
{
	span line;
	if (c->pid && (c->owner != getpid() || out_of_step(c)))
		end(c, 0);
	if (!c->pid && !start(c)) {
		*error = "the program does not start";
		return false;
	}
	*error = ask(c, question, &line);
	if (!*error) {
		*answer = arena_dup(a, span_chomp(line));
		if (answer->p)
			return true;
		*error = "the program's answer is too long";
	}
	end(c, 0);
	return false;
}
