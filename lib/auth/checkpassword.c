#include "auth/checkpassword.h"

#include "io/clock.h"
#include "io/out.h"
#include "io/proc.h"

enum { EXIT_RIGHT = 0, EXIT_WRONG = 1 };

static bool write_credentials(str *to, span user, span password, int64_t now)
{
	return !memchr(user.p, 0, user.n) && !memchr(password.p, 0, password.n) &&
	       str_put(to, user) && str_putc(to, 0) && str_put(to, password) && str_putc(to, 0) &&
	       str_printf(to, "%lld", (long long)now) && str_putc(to, 0);
}

/* A pipe holds all of it: nobody waits for a program that does not read. */
static int full_pipe(span octets)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	bool done = write_all(ends[1], octets);
	(void)close(ends[1]);
	if (done)
		return ends[0];
	(void)close(ends[0]);
	return -1;
}

static enum passwd_result run(char *const argv[], int credentials, const char **error)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	proc_fds fds = {.in = null, .out = null, .err = -1, .extra = credentials, .extra_as = 3};
	*error = "cannot be started";
	pid_t pid = null < 0 ? -1 : proc_spawn(argv, NULL, fds);
	if (null >= 0)
		(void)close(null);
	if (pid < 0)
		return PASSWD_DOUBT;
	int code = proc_wait(pid, clock_ms() + CHECKPASSWORD_MS);
	*error = "the program neither exited 0 nor 1";
	return code == EXIT_RIGHT ? PASSWD_RIGHT : code == EXIT_WRONG ? PASSWD_WRONG : PASSWD_DOUBT;
}

enum passwd_result checkpassword_run(char *const argv[], span user, span password, int64_t now,
				     const char **error)
{
	enum passwd_result r = PASSWD_WRONG;
	str text = str_new(CHECKPASSWORD_MAX);
	if (user.n && password.n && write_credentials(&text, user, password, now)) {
		int fd = full_pipe(str_span(&text));
		*error = "no pipe";
		r = fd < 0 ? PASSWD_DOUBT : run(argv, fd, error);
		if (fd >= 0)
			(void)close(fd);
	}
	if (text.p)
		explicit_bzero(text.p, text.n);
	str_free(&text);
	return r;
}
