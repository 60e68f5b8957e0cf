#include "smtp/relay_jobs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "queue/job.h"

typedef struct group {
	arena mem;
	job *jobs; /* RELAY_JOBS_MAX */
	txn_rcpt *rcpts;
	size_t count;
	int results;
} group;

static bool report(const group *g, size_t i)
{
	str line = str_new(JOB_LINE_MAX);
	const txn_rcpt *to = &g->rcpts[i];
	const job_result one = {.id = g->jobs[i].id,
				.n = g->jobs[i].n,
				.st = to->st,
				.by = {.name = span_str(to->host), .dsn = to->dsn}};
	job_result_write(&one, &line);
	bool ok = write_all(g->results, str_span(&line));
	str_free(&line);
	return ok;
}

static void defer_all(group *g, const status *why)
{
	for (size_t i = 0; i < g->count; i++)
		if (!g->rcpts[i].done) {
			g->rcpts[i].st = *why;
			g->rcpts[i].done = true;
		}
}

/* The addresses as they go over the wire; one that cannot is done. The result: how many are left. */
static size_t take_addresses(group *g)
{
	size_t left = 0;
	for (size_t i = 0; i < g->count; i++) {
		txn_rcpt *to = &g->rcpts[i];
		*to = (txn_rcpt){.params = g->jobs[i].rcpt_params};
		to->done = !relay_address(g->jobs[i].recipient, &g->mem, &to->address);
		if (to->done)
			to->st = status_make(EX_DATAERR, 553, "5.1.3",
					     "the recipient's address is malformed");
		left += !to->done;
	}
	return left;
}

static status open_message(group *g, int *fd, outgoing *message)
{
	const job *j = &g->jobs[0];
	char *path = arena_cstr(&g->mem, j->path);
	*fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	if (*fd < 0)
		return status_doubt("the message cannot be opened: %s", strerror(errno));
	if (!outgoing_open(message, *fd, (off_t)j->offset)) {
		int error = errno;
		(void)close(*fd);
		return status_doubt("the message cannot be read: %s", strerror(error));
	}
	if (j->size && j->size != message->facts.octets) {
		outgoing_close(message);
		(void)close(*fd);
		return status_doubt("the message has not the size it should have");
	}
	return status_ok();
}

static void deliver(relay *r, group *g)
{
	int fd;
	outgoing message;
	relay_mail mail = {.message = &message,
			   .id = g->jobs[0].id,
			   .params = g->jobs[0].mail_params,
			   .rcpts = g->rcpts,
			   .count = g->count};
	status st = status_ok();
	if (!relay_address(g->jobs[0].sender, &g->mem, &mail.sender))
		st = status_doubt("the sender's address is malformed");
	if (status_is_ok(&st))
		st = open_message(g, &fd, &message);
	if (!status_is_ok(&st)) {
		defer_all(g, &st);
		return;
	}
	relay_send(r, g->jobs[0].dest, &mail);
	outgoing_close(&message);
	(void)close(fd);
}

/* Delivers what was gathered, and reports it. */
static bool flush(relay *r, group *g)
{
	bool ok = true;
	if (g->count && take_addresses(g))
		deliver(r, g);
	for (size_t i = 0; i < g->count && ok; i++)
		ok = report(g, i);
	g->count = 0;
	arena_reset(&g->mem);
	return ok;
}

static bool belongs(const group *g, const job *j)
{
	const job *first = &g->jobs[0];
	return g->count < RELAY_JOBS_MAX && span_eq(first->id, j->id) &&
	       span_eq(first->dest, j->dest) && span_eq(first->path, j->path) &&
	       span_eq(first->sender, j->sender);
}

static bool take_line(relay *r, group *g, span line)
{
	job j;
	line = span_chomp(line);
	if (line.n == 0)
		return flush(r, g);
	if (!job_parse(line, &g->mem, &j)) {
		warn("a job that cannot be read was left out");
		return true;
	}
	if (g->count && !belongs(g, &j)) {
		/* flushing empties the arena that the new job is in: read it again */
		if (!flush(r, g) || !job_parse(line, &g->mem, &j))
			return false;
	}
	g->jobs[g->count++] = j;
	return true;
}

/* The rest of a line that is longer than any job. */
static enum in_result skip_line(in *from)
{
	enum in_result got;
	span piece;
	do
		got = in_line(from, JOB_LINE_MAX, &piece);
	while (got == IN_LONG);
	warn("a job line was too long");
	return got;
}

bool relay_jobs(relay *r, int jobs, int results)
{
	in from;
	span line;
	bool ok = true;
	group g = {.mem = arena_new((size_t)RELAY_JOBS_MAX * JOB_LINE_MAX),
		   .jobs = xcalloc(RELAY_JOBS_MAX, sizeof *g.jobs),
		   .rcpts = xcalloc(RELAY_JOBS_MAX, sizeof *g.rcpts),
		   .results = results};
	in_open(&from, jobs, JOB_LINE_MAX);
	enum in_result got = IN_OK;
	while (ok && got != IN_EOF && got != IN_ERROR) {
		from.idle_ms = client_up(&r->client) ? r->times.rest : 0;
		got = in_line(&from, JOB_LINE_MAX, &line);
		if (got == IN_OK)
			ok = take_line(r, &g, line);
		else if (got == IN_LONG)
			got = skip_line(&from);
		else if (got == IN_TIMEOUT)
			relay_rest(r);
	}
	ok = ok && flush(r, &g) && got == IN_EOF;
	in_close(&from);
	free(g.jobs);
	free(g.rcpts);
	arena_free(&g.mem);
	return ok;
}
