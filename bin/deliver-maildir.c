/* deliver-maildir(1): a message into a Maildir, as a filter's end or as the queue's worker. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "imap/describe.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/file.h"
#include "io/in.h"
#include "io/out.h"
#include "io/proc.h"
#include "maildir/deliver.h"
#include "queue/job.h"
#include "queue/qmsg.h"

enum {
	BATCH = 64,
	ARENA_MAX = 4 << 20,
	FEW = 4, /* deliveries that a worker describes; with more he has no time for it */
};

static const char usage[] = "usage: deliver-maildir DIR[/.FOLDER] <message\n"
			    "       deliver-maildir -b\n";

typedef struct worker {
	maildir_batch *batch;
	char *delivered[FEW]; /* paths */
	size_t delivered_n;   /* more than FEW may have been */
	arena mem;	      /* the ids of the jobs that wait */
	span host;
	struct waiting {
		span id;
		size_t n;
	} jobs[BATCH];
	size_t count;
} worker;

/* control/me, or the name of the machine where there is no installation. */
static span host_name(arena *a)
{
	char name[256] = "";
	span me;
	if (control_value("me", a, &me) == CONTROL_OK)
		return me;
	if (gethostname(name, sizeof name - 1) < 0 || !name[0])
		return S("localhost");
	return arena_dup(a, span_str(name));
}

/* No reply goes with a success: that would say that another host took it over (queue/job.h). */
static void report(span id, size_t n, const status *st)
{
	str line = str_new(JOB_LINE_MAX);
	job_result one = {.id = id, .n = n, .st = *st};
	if (status_is_ok(st))
		one.st.reply = 0;
	job_result_write(&one, &line);
	if (line.over || !write_all(STDOUT_FILENO, str_span(&line)))
		die_errno(EX_TEMPFAIL, "results");
	str_free(&line);
}

static void commit(worker *w)
{
	status statuses[BATCH];
	const char *paths[BATCH];
	maildir_batch_commit(w->batch, statuses, paths);
	for (size_t i = 0; i < w->count; i++)
		report(w->jobs[i].id, w->jobs[i].n, &statuses[i]);
	for (size_t i = 0; i < w->count; i++) {
		if (*paths[i] && w->delivered_n < FEW)
			w->delivered[w->delivered_n] = xstrdup(paths[i]);
		w->delivered_n += *paths[i] != 0;
	}
	w->count = 0;
	arena_reset(&w->mem);
}

/* For IMAP clients. It costs a tenth of a delivery; all is done and told by now, so what goes wrong undoes nothing. */
static void describe(worker *w)
{
	imap_describer *d = w->delivered_n && w->delivered_n <= FEW ? imap_describer_new() : NULL;
	for (size_t i = 0; i < w->delivered_n && i < FEW; i++) {
		if (d)
			imap_describe(d, w->delivered[i]);
		free(w->delivered[i]);
	}
	if (d)
		imap_describer_free(d);
}

/* "/proc/self/fd/N" is a descriptor that the worker was given: it may not be allowed to open the file
 * itself. It is read by pread(2) only, since others read by the same one. */
static int open_message(const char *path)
{
	span s = span_str(path);
	uint64_t fd;
	if (!span_starts(s, S("/proc/self/fd/")))
		return file_open_read(AT_FDCWD, path);
	if (!span_u64(span_sub(s, 14, s.n), INT_MAX, &fd) || fd <= STDERR_FILENO) {
		errno = EBADF;
		return -1;
	}
	return fcntl((int)fd, F_DUPFD_CLOEXEC, 0);
}

static void add_job(worker *w, const job *j)
{
	const char *path = arena_cstr(&w->mem, j->path), *dir = arena_cstr(&w->mem, j->dest);
	int fd = path && dir && j->dest.n ? open_message(path) : -1;
	if (fd < 0) {
		status st = status_doubt("cannot open %.*s", SPAN_FMT(j->path));
		report(j->id, j->n, &st);
		return;
	}
	maildir_job m = {.dir = dir,
			 .id = j->id,
			 .arrived = qid_seconds(j->id),
			 .host = w->host,
			 .sender = j->sender,
			 .recipient = j->recipient,
			 .fd = fd,
			 .offset = (off_t)j->offset,
			 .again = j->attempt > 1};
	(void)maildir_batch_add(w->batch, &m); /* never full: committed at BATCH */
	(void)close(fd);
	w->jobs[w->count++] = (struct waiting){j->id, j->n};
}

static int work(span host)
{
	worker w = {.batch = maildir_batch_new(), .mem = arena_new(ARENA_MAX), .host = host};
	enum in_result r;
	span line;
	job j;
	in input;
	in_open(&input, STDIN_FILENO, JOB_LINE_MAX);
	while ((r = in_line(&input, JOB_LINE_MAX, &line)) == IN_OK) {
		line = span_chomp(line);
		if (line.n == 0)
			commit(&w);
		else if (job_parse(line, &w.mem, &j))
			add_job(&w, &j);
		else
			warn("not a job: %.*s", SPAN_FMT(line));
		if (w.count == BATCH)
			commit(&w);
	}
	commit(&w);
	describe(&w);
	in_close(&input);
	arena_free(&w.mem);
	maildir_batch_free(w.batch);
	if (r != IN_EOF)
		die(EX_TEMPFAIL, "the list of jobs cannot be read");
	return EX_OK;
}

static span environment(const char *name)
{
	const char *value = getenv(name);
	return value ? span_str(value) : (span){NULL, 0};
}

static int deliver_one(const char *dir, span host)
{
	uint64_t attempt = 1;
	status st;
	const char *path;
	int fd = file_seekable(STDIN_FILENO, INT64_MAX);
	off_t offset = fd < 0 ? -1 : lseek(fd, 0, SEEK_CUR);
	if (offset < 0)
		die_errno(EX_TEMPFAIL, "the message");
	span id = environment("QUEUE_ID"), recipient = environment("RECIPIENT");
	bool queued = qid_valid(id);
	(void)span_u64(environment("ATTEMPT"), UINT32_MAX, &attempt);
	maildir_job m = {.dir = dir,
			 .id = queued ? id : S(""),
			 .arrived = queued ? qid_seconds(id) : clock_now(),
			 .host = host,
			 .sender = environment("SENDER"),
			 .recipient = recipient,
			 .fd = fd,
			 .offset = offset,
			 .again = queued && attempt > 1};
	maildir_batch *b = maildir_batch_new();
	(void)maildir_batch_add(b, &m);
	maildir_batch_commit(b, &st, &path);
	if (!status_is_ok(&st))
		die(st.code, "%s%s%s", st.enhanced, *st.enhanced ? " " : "", st.text);
	out o;
	out_open(&o, STDOUT_FILENO, 4096);
	out_printf(&o, "%s\n", path);
	/* The message is in the mailbox; what asks again with QUEUE_ID and ATTEMPT finds it there. */
	if (!out_flush(&o))
		die_errno(EX_TEMPFAIL, "delivered, but not told");
	out_close(&o);
	imap_describer *d = imap_describer_new();
	imap_describe(d, path);
	imap_describer_free(d);
	maildir_batch_free(b);
	return EX_OK;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {{"batch", 0, NULL, 'b'}, {"help", 0, NULL, 'h'}, {0}};
	bool batch = false;
	int c;
	proc_start(argv[0]);
	signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is EFBIG, and the message stays queued */
	while ((c = getopt_long(argc, argv, "bh", longs, NULL)) != -1) {
		if (c == 'h')
			return fputs(usage, stdout) < 0 || fflush(stdout) ? EX_TEMPFAIL : EX_OK;
		if (c != 'b') {
			(void)fputs(usage, stderr);
			return EX_TEMPFAIL;
		}
		batch = true;
	}
	if (argc - optind != (batch ? 0 : 1) || (!batch && !*argv[optind])) {
		(void)fputs(usage, stderr);
		return EX_TEMPFAIL;
	}
	arena mem = arena_new(1 << 21);
	span host = host_name(&mem);
	int code = batch ? work(host) : deliver_one(argv[optind], host);
	arena_free(&mem);
	return code;
}
