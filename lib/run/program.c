#include "run/program.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/file.h"
#include "io/out.h"
#include "io/proc.h"

enum { ENV_MAX = 24, LAST_WORDS = 1024 };

typedef struct running {
	arena mem;
	char *argv[PROGRAM_WORDS], *env[ENV_MAX];
	size_t env_count;
	const char *home;
	const program_limits *limits;
} running;

bool program_limits_read(program_limits *l)
{
	return control_number("program-timeout", 86400, 600, &l->seconds) &&
	       control_number("program-memory", 1 << 20, 1024, &l->memory_mib) &&
	       control_number("program-file", 1 << 20, 1024, &l->file_mib);
}

static void put_env(running *r, const char *name, span value)
{
	str text = str_new(JOB_LINE_MAX);
	(void)str_printf(&text, "%s=", name);
	(void)str_put(&text, value);
	if (r->env_count + 1 < ENV_MAX &&
	    (r->env[r->env_count] = arena_cstr(&r->mem, str_span(&text))))
		r->env_count++;
	r->env[r->env_count] = NULL;
	str_free(&text);
}

static void put_user(running *r)
{
	struct passwd *pw = getpwuid(getuid());
	span path = span_str(getenv("PATH"));
	r->home = pw ? arena_cstr(&r->mem, span_str(pw->pw_dir)) : "/";
	put_env(r, "PATH", path.n ? path : S("/usr/local/bin:/usr/bin:/bin"));
	put_env(r, "HOME", span_str(r->home));
	put_env(r, "USER", span_str(pw ? pw->pw_name : ""));
	put_env(r, "LOGNAME", span_str(pw ? pw->pw_name : ""));
	put_env(r, "SHELL", S("/bin/sh"));
	put_env(r, "PABAL_ROOT", span_str(control_root()));
}

static void put_message(running *r, const job *j)
{
	size_t at = span_rfind(j->recipient, '@');
	span local = span_sub(j->recipient, 0, at);
	size_t plus = span_find(local, '+');
	put_env(r, "SENDER", j->sender);
	put_env(r, "RECIPIENT", j->recipient);
	put_env(r, "LOCAL", local);
	put_env(r, "HOST", span_sub(j->recipient, at + 1, j->recipient.n));
	put_env(r, "EXT", span_sub(local, plus + 1, local.n));
	put_env(r, "QUEUE_ID", j->id);
	char number[24];
	(void)snprintf(number, sizeof number, "%u", j->attempt);
	put_env(r, "ATTEMPT", span_str(number));
	(void)snprintf(number, sizeof number, "%zu", j->n);
	put_env(r, "RCPT_N", span_str(number));
}

static bool split(running *r, span command)
{
	size_t n = 0;
	for (span word; (word = span_word(&command)).n > 0;)
		if (n + 1 == PROGRAM_WORDS || !(r->argv[n++] = arena_cstr(&r->mem, word)))
			return false;
	r->argv[n] = NULL;
	return n > 0;
}

/* The message alone: of the other recipients it learns nothing. At its start; -1 with errno. */
static int copy(const job *j, int message)
{
	char buf[65536];
	off_t at = (off_t)j->offset;
	ssize_t n = -1;
	out o;
	int fd = file_temp();
	if (fd < 0)
		return -1;
	out_open(&o, fd, sizeof buf);
	out_printf(&o, "Return-Path: <%.*s>\nDelivered-To: %.*s\n", SPAN_FMT(j->sender),
		   SPAN_FMT(j->recipient));
	while ((n = file_pread(message, buf, sizeof buf, at)) > 0) {
		out_put(&o, span_of(buf, (size_t)n));
		at += n;
	}
	bool ok = out_flush(&o) && n == 0 && lseek(fd, 0, SEEK_SET) == 0;
	ok = ok && (!j->size || (uint64_t)at == j->offset + j->size);
	int error = errno;
	out_close(&o);
	if (!ok)
		(void)close(fd);
	errno = error;
	return ok ? fd : -1;
}

static bool limit(__rlimit_resource_t what, uint64_t value)
{
	struct rlimit r = {value, value};
	return value == 0 || setrlimit(what, &r) == 0;
}

_Noreturn static void run_child(const running *r, int message, int words)
{
	struct rlimit none = {0, 0};
	const program_limits *l = r->limits;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	bool ok = setsid() >= 0 && null >= 0 && dup2(message, 0) == 0 && dup2(null, 1) == 1 &&
		  dup2(words, 2) == 2;
	(void)close_range(3, ~0U, 0); /* the queue's locks above all */
	ok = ok && setrlimit(RLIMIT_CORE, &none) == 0 && limit(RLIMIT_CPU, l->seconds) &&
	     limit(RLIMIT_AS, l->memory_mib << 20) && limit(RLIMIT_FSIZE, l->file_mib << 20);
	(void)umask(077);
	if (ok && (chdir(r->home) == 0 || chdir("/") == 0)) {
		for (int s = 1; s < NSIG; s++)
			(void)signal(s, SIG_DFL);
		(void)execvpe(r->argv[0], r->argv, r->env);
	}
	(void)dprintf(2, "%s: %s\n", r->argv[0], strerror(errno));
	_exit(EX_TEMPFAIL);
}

/* The last line of a file. */
static span last_line(int fd, char buf[static LAST_WORDS])
{
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > LAST_WORDS ? size - LAST_WORDS : 0;
	ssize_t n = size > 0 ? file_pread(fd, buf, LAST_WORDS, from) : 0;
	span all = span_trim(span_of(buf, n > 0 ? (size_t)n : 0));
	size_t lf = span_rfind(all, '\n');
	return span_trim(lf < all.n ? span_sub(all, lf + 1, all.n) : all);
}

static status judge(const char *name, int exit_code, bool late, int words)
{
	char buf[LAST_WORDS];
	span line = last_line(words, buf), enhanced, rest;
	int code = status_from_agent(exit_code);
	if (code == EX_OK)
		return status_ok();
	bool permanent = code != EX_TEMPFAIL;
	if (late)
		return status_make(EX_TEMPFAIL, 0, "4.3.0", "%s took too long", name);
	if (!status_enhanced(line, &enhanced, &rest) || (enhanced.p[0] == '5') != permanent)
		return status_make(code, 0, permanent ? "5.3.0" : "4.3.0", "%s: exit %d%s%.*s",
				   name, exit_code, line.n ? ": " : "", SPAN_FMT(line));
	char text[12];
	(void)snprintf(text, sizeof text, "%.*s", SPAN_FMT(enhanced));
	return status_make(code, 0, text, "%.*s", SPAN_FMT(rest));
}

static status run(const running *r, int message, int words)
{
	int64_t deadline = r->limits->seconds ? clock_ms() + (int64_t)r->limits->seconds * 1000 : 0;
	pid_t pid = fork();
	if (pid == 0)
		run_child(r, message, words);
	if (pid < 0)
		return status_doubt("no process for %s: %s", r->argv[0], strerror(errno));
	int code = proc_wait(pid, deadline);
	bool late = deadline && clock_left(deadline) == 0;
	(void)kill(-pid, SIGKILL); /* its group: what it left behind */
	return judge(r->argv[0], code, late, words);
}

status program_run(span command, const job *j, int message, const program_limits *limits)
{
	running r = {.mem = arena_new(1 << 20), .limits = limits};
	status st = status_doubt("a command that cannot be split: %.*s", SPAN_FMT(command));
	put_user(&r);
	put_message(&r, j);
	if (split(&r, command)) {
		int file = copy(j, message), words = file < 0 ? -1 : file_temp();
		if (words < 0)
			st = status_doubt("no copy of the message: %s", strerror(errno));
		else
			st = run(&r, file, words);
		if (words >= 0)
			(void)close(words);
		if (file >= 0)
			(void)close(file);
	}
	arena_free(&r.mem);
	return st;
}
