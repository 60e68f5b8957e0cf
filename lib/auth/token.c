#include "auth/token.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "io/clock.h"
#include "io/in.h"
#include "io/proc.h"

enum { WORDS_MAX = 64 };

static bool split(span command, arena *mem, char **argv)
{
	size_t n = 0;
	for (span word; (word = span_word(&command)).n > 0;) {
		if (n + 1 == WORDS_MAX || !(argv[n++] = arena_cstr(mem, word)))
			return false;
	}
	argv[n] = NULL;
	return n > 0;
}

static bool printable(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x21 || (unsigned char)s.p[i] > 0x7e)
			return false;
	return s.n > 0;
}

static const char *read_token(int fd, pid_t pid, int64_t deadline, str *token)
{
	in from;
	span line;
	in_open(&from, fd, token->max);
	from.deadline = deadline;
	enum in_result got = in_line(&from, token->max, &line);
	line = got == IN_OK ? span_trim(line) : S("");
	bool kept = printable(line) && str_put(token, line);
	while (got == IN_OK || got == IN_LONG) /* it must be able to end */
		got = in_line(&from, token->max, &line);
	in_close(&from);
	if (proc_wait(pid, got == IN_EOF ? deadline : clock_ms()) != 0)
		return "the command for a token fails or is late";
	return kept ? NULL : "the command for a token prints none";
}

const char *token_ask(span command, int ms, str *token)
{
	char *argv[WORDS_MAX];
	int up[2];
	arena mem = arena_new(1 << 16);
	proc_fds fds = PROC_FDS_NONE;
	const char *wrong = "the command for a token cannot be started";
	if (split(command, &mem, argv) && pipe2(up, O_CLOEXEC) == 0) {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		fds.in = null;
		fds.out = up[1];
		pid_t pid = proc_spawn(argv, NULL, fds);
		(void)close(up[1]);
		if (null >= 0)
			(void)close(null);
		if (pid > 0)
			wrong = read_token(up[0], pid, clock_ms() + ms, token);
		(void)close(up[0]);
	}
	arena_free(&mem);
	return wrong;
}
