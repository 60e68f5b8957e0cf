#include "run/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "io/file.h"
#include "io/in.h"
#include "io/out.h"
#include "queue/qmsg.h"

static bool report(const job *j, const status *st)
{
	str line = str_new(JOB_LINE_MAX);
	job_result one = {.id = j->id, .n = j->n, .st = *st};
	one.st.reply = 0; /* no other host took it over (queue/job.h) */
	job_result_write(&one, &line);
	bool ok = !line.over && write_all(STDOUT_FILENO, str_span(&line));
	str_free(&line);
	return ok;
}

/* "/proc/self/fd/N" is a descriptor that the worker was given. */
static int open_message(const char *path)
{
	span s = span_str(path);
	uint64_t fd;
	if (!span_starts(s, S("/proc/self/fd/")))
		return file_open_read(AT_FDCWD, path);
	if (!span_u64(span_sub(s, 14, s.n), INT32_MAX, &fd) || fd <= STDERR_FILENO) {
		errno = EBADF;
		return -1;
	}
	return fcntl((int)fd, F_DUPFD_CLOEXEC, 0);
}

static bool do_job(agent_deliver *deliver, void *arg, const job *j, arena *mem)
{
	const char *path = arena_cstr(mem, j->path);
	int fd = path ? open_message(path) : -1;
	status st = fd < 0 ? status_doubt("the message cannot be opened: %s", strerror(errno))
			   : deliver(arg, j, fd);
	if (fd >= 0)
		(void)close(fd);
	return report(j, &st);
}

bool agent_work(agent_deliver *deliver, void *arg)
{
	arena mem = arena_new(1 << 18);
	bool ok = true;
	enum in_result r = IN_OK;
	span line;
	job j;
	in input;
	in_open(&input, STDIN_FILENO, JOB_LINE_MAX);
	while (ok && (r = in_line(&input, JOB_LINE_MAX, &line)) == IN_OK) {
		line = span_chomp(line);
		if (line.n && !job_parse(line, &mem, &j))
			warn("a job that cannot be read was left out");
		else if (line.n)
			ok = do_job(deliver, arg, &j, &mem);
		arena_reset(&mem);
	}
	in_close(&input);
	arena_free(&mem);
	return ok && r == IN_EOF;
}

status agent_single(agent_deliver *deliver, void *arg, const char *dest)
{
	int fd = file_seekable(STDIN_FILENO, INT64_MAX);
	off_t at = fd < 0 ? -1 : lseek(fd, 0, SEEK_CUR), end = at < 0 ? -1 : lseek(fd, 0, SEEK_END);
	uint64_t attempt = 1;
	(void)span_u64(span_str(getenv("ATTEMPT")), UINT32_MAX, &attempt);
	span id = span_str(getenv("QUEUE_ID"));
	if (end < 0)
		return status_doubt("the message: %s", strerror(errno));
	if (end <= at)
		return status_doubt("an empty message");
	const job j = {.id = qid_valid(id) ? id : S(""),
		       .n = 1,
		       .offset = (uint64_t)at,
		       .size = (uint64_t)(end - at),
		       .sender = span_str(getenv("SENDER")),
		       .recipient = span_str(getenv("RECIPIENT")),
		       .dest = span_str(dest),
		       .attempt = (unsigned)attempt};
	return deliver(arg, &j, fd);
}
