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
	bool ready; /* `mail` is, and its message is open */
	relay_mail mail;
	outgoing message;
	int fd;
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

static status open_file(const job *j, int fd, off_t offset, bool mapped, outgoing *message)
{
	if (!outgoing_open(message, fd, offset))
		return status_doubt("the message cannot be read: %s", strerror(errno));
	if (j->size && !mapped && j->size != message->facts.octets) {
		outgoing_close(message);
		return status_doubt("the message has not the size it should have");
	}
	return status_ok();
}

/* The message, and its sender as text, by the names that the destination is to know. */
static status open_message(relay *r, group *g, span *sender, int *fd, outgoing *message)
{
	const job *j = &g->jobs[0];
	int copy;
	char *path = arena_cstr(&g->mem, j->path);
	*fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	if (*fd < 0)
		return status_doubt("the message cannot be opened: %s", strerror(errno));
	status st = relay_map_sender(r, j->dest, &g->mem, sender, *fd, (off_t)j->offset, &copy);
	if (copy >= 0) {
		(void)close(*fd);
		*fd = copy;
	}
	if (status_is_ok(&st))
		st = open_file(j, *fd, copy >= 0 ? 0 : (off_t)j->offset, copy >= 0, message);
	if (!status_is_ok(&st))
		(void)close(*fd);
	return st;
}

/* The operator named where it goes: that is not the recipient's own domain. */
static bool is_routed(const job *j)
{
	size_t at = span_rfind(j->recipient, '@');
	return !span_eqi(span_sub(j->recipient, at + 1, j->recipient.n), j->dest);
}

/* Makes g->mail where something can be sent; all others have their outcome then. */
static void prepare(relay *r, group *g)
{
	if (g->ready || !g->count || !take_addresses(g))
		return;
	g->mail = (relay_mail){.message = &g->message,
			       .id = g->jobs[0].id,
			       .params = g->jobs[0].mail_params,
			       .rcpts = g->rcpts,
			       .count = g->count,
			       .routed = is_routed(&g->jobs[0])};
	span sender = g->jobs[0].sender;
	status st = open_message(r, g, &sender, &g->fd, &g->message);
	g->ready = status_is_ok(&st);
	if (g->ready && !relay_address(sender, &g->mem, &g->mail.sender)) {
		st = status_doubt("the sender's address is malformed");
		outgoing_close(&g->message);
		(void)close(g->fd);
		g->ready = false;
	}
	if (!g->ready)
		defer_all(g, &st);
}

/* Delivers what was gathered, with a look at what comes behind it, and reports it. */
static bool flush(relay *r, group *g, group *next)
{
	bool ok = true;
	prepare(r, g);
	if (next)
		prepare(r, next);
	if (g->ready) {
		bool same = next && next->ready && span_eq(next->jobs[0].dest, g->jobs[0].dest);
		relay_next(r, same ? &next->mail : NULL);
		relay_send(r, g->jobs[0].dest, &g->mail);
		relay_next(r, NULL);
		outgoing_close(&g->message);
		(void)close(g->fd);
	}
	for (size_t i = 0; i < g->count && ok; i++)
		ok = report(g, i);
	g->count = 0;
	g->ready = false;
	arena_reset(&g->mem);
	return ok;
}

/* Two groups: one that is whole, and the one behind it that is still being gathered. */
typedef struct gathering {
	group two[2];
	group *whole, *open; /* whole->count 0: none */
} gathering;

static bool flush_whole(relay *r, gathering *x, bool look_ahead)
{
	bool ok = !x->whole->count || flush(r, x->whole, look_ahead ? x->open : NULL);
	group *g = x->whole;
	x->whole = x->open;
	x->open = g;
	return ok;
}

static bool flush_all(relay *r, gathering *x)
{
	return flush_whole(r, x, true) && flush_whole(r, x, false);
}

static bool belongs(const group *g, const job *j)
{
	const job *first = &g->jobs[0];
	return g->count < RELAY_JOBS_MAX && span_eq(first->id, j->id) &&
	       span_eq(first->dest, j->dest) && span_eq(first->path, j->path) &&
	       span_eq(first->sender, j->sender);
}

static bool take_line(relay *r, gathering *x, span line)
{
	job j;
	line = span_chomp(line);
	if (line.n == 0)
		return flush_all(r, x);
	if (!job_parse(line, &x->open->mem, &j)) {
		warn("a job that cannot be read was left out");
		return true;
	}
	if (x->open->count && !belongs(x->open, &j)) {
		/* the group is whole now; the new job goes into the arena of the other */
		if (!flush_whole(r, x, true) || !job_parse(line, &x->open->mem, &j))
			return false;
	}
	x->open->jobs[x->open->count++] = j;
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

static void group_init(group *g, int results)
{
	*g = (group){.mem = arena_new((size_t)RELAY_JOBS_MAX * JOB_LINE_MAX),
		     .jobs = xcalloc(RELAY_JOBS_MAX, sizeof *g->jobs),
		     .rcpts = xcalloc(RELAY_JOBS_MAX, sizeof *g->rcpts),
		     .results = results};
}

static void group_free(group *g)
{
	if (g->ready) {
		outgoing_close(&g->message);
		(void)close(g->fd);
	}
	free(g->jobs);
	free(g->rcpts);
	arena_free(&g->mem);
}

bool relay_jobs(relay *r, int jobs, int results)
{
	in from;
	span line;
	bool ok = true;
	gathering x;
	group_init(&x.two[0], results);
	group_init(&x.two[1], results);
	x.whole = &x.two[0];
	x.open = &x.two[1];
	in_open(&from, jobs, JOB_LINE_MAX);
	enum in_result got = IN_OK;
	while (ok && got != IN_EOF && got != IN_ERROR) {
		from.idle_ms = client_up(&r->client) ? r->times.rest : 0;
		got = in_line(&from, JOB_LINE_MAX, &line);
		if (got == IN_OK)
			ok = take_line(r, &x, line);
		else if (got == IN_LONG)
			got = skip_line(&from);
		else if (got == IN_TIMEOUT)
			relay_rest(r);
	}
	ok = ok && flush_all(r, &x) && got == IN_EOF;
	in_close(&from);
	group_free(&x.two[0]);
	group_free(&x.two[1]);
	return ok;
}
