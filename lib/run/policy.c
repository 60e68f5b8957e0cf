#include "run/policy.h"

#include <dirent.h>
#include <sys/resource.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/file.h"
#include "io/proc.h"
#include "run/words.h"

enum { PROGRAMS_MAX = 64, SECONDS = 30, SECONDS_MAX = 300, FILES = 256 };

static const char *const names[STAGES] = {"connect", "helo", "mail", "rcpt", "data"};

const char *policy_name(enum smtp_stage stage)
{
	return names[stage];
}

static int wanted(const struct dirent *e)
{
	size_t n = strlen(e->d_name);
	return e->d_name[0] != '.' && e->d_name[n - 1] != '~';
}

static bool read_stage(policy *p, enum smtp_stage stage, arena *mem)
{
	struct dirent **entries = NULL;
	str dir = str_new(PATH_MAX), path = str_new(PATH_MAX);
	char *all[PROGRAMS_MAX + 1] = {NULL};
	size_t n = 0;
	(void)str_printf(&dir, "%s/control/policy/%s", control_root(), names[stage]);
	int count = scandir(str_cstr(&dir), &entries, wanted, NULL);
	bool good = count >= 0 || errno == ENOENT;
	for (int i = 0; i < count; i++) {
		str_clear(&path);
		(void)str_printf(&path, "%s/%s", str_cstr(&dir), entries[i]->d_name);
		if (!path.over && access(str_cstr(&path), X_OK) == 0 && n <= PROGRAMS_MAX)
			all[n++ % (PROGRAMS_MAX + 1)] = arena_cstr(mem, str_span(&path));
	}
	/* in the order of octets, whatever the locale */
	for (size_t i = 1; i < n && n <= PROGRAMS_MAX; i++)
		for (size_t j = i; j > 0 && strcmp(all[j - 1], all[j]) > 0; j--) {
			char *swap = all[j];
			all[j] = all[j - 1];
			all[j - 1] = swap;
		}
	if (n > PROGRAMS_MAX) {
		errno = E2BIG;
		good = false;
	} else if (n && (p->programs[stage] = arena_alloc(mem, (n + 1) * sizeof *all))) {
		memcpy(p->programs[stage], all, n * sizeof *all);
	}
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	str_free(&dir);
	str_free(&path);
	return good && (!n || p->programs[stage]);
}

bool policy_read(policy *p, arena *mem, const char **wrong)
{
	uint64_t seconds;
	*p = (policy){.seconds = SECONDS};
	*wrong = "control/policy";
	for (enum smtp_stage s = 0; s < STAGES; s++)
		if (!read_stage(p, s, mem))
			return false;
	*wrong = "control/policy-timeout";
	if (!control_number("policy-timeout", SECONDS_MAX, SECONDS, &seconds) || !seconds)
		return false;
	p->seconds = (int)seconds;
	return true;
}

unsigned policy_stages(const policy *p)
{
	unsigned bits = 0;
	for (enum smtp_stage s = 0; s < STAGES; s++)
		if (p->programs[s])
			bits |= STAGE_BIT(s);
	return bits;
}

/* The child has these from its start; ours come back. */
static pid_t spawn(char *const argv[], proc_fds fds)
{
	static const struct {
		__rlimit_resource_t what;
		rlim_t most;
	} rows[] = {{RLIMIT_CORE, 0},
		    {RLIMIT_NOFILE, FILES},
		    {RLIMIT_AS, 1 << 30},
		    {RLIMIT_FSIZE, 64 << 20}};
	enum { ROWS = sizeof rows / sizeof *rows };
	struct rlimit before[ROWS];
	for (size_t i = 0; i < ROWS; i++) {
		if (getrlimit(rows[i].what, &before[i]) < 0)
			before[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
		struct rlimit less = before[i];
#ifdef PABAL_NO_SECCOMP /* the sanitizers map terabytes */
		if (rows[i].what == RLIMIT_AS)
			continue;
#endif
		if (less.rlim_cur > rows[i].most)
			less.rlim_cur = rows[i].most;
		(void)setrlimit(rows[i].what, &less);
	}
	pid_t pid = proc_spawn(argv, NULL, fds);
	int error = errno;
	for (size_t i = 0; i < ROWS; i++)
		(void)setrlimit(rows[i].what, &before[i]);
	errno = error;
	return pid;
}

static status judge(const char *program, int code, int errors, enum smtp_stage stage)
{
	char room[WORDS_MAX];
	const char *slash = strrchr(program, '/');
	span line = span_sub(words_last_line(errors, room), 0, 400);
	if (status_from_filter(code) != EX_TEMPFAIL)
		return words_refusal(EX_NOPERM, stage == STAGE_DATA ? 554 : 550, "5.7.1",
				     line.n ? line : S("not welcome"));
	if (code == EX_TEMPFAIL && line.n)
		return words_refusal(EX_TEMPFAIL, 450, "4.7.1", line);
	return status_doubt("policy %s/%s: exit %d: %.*s", names[stage],
			    slash ? slash + 1 : program, code, SPAN_FMT(line));
}

static status run_one(const policy *p, enum smtp_stage stage, char *program, int message)
{
	char *argv[] = {program, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), errors = file_temp();
	status st = status_doubt("policy %s: %s", names[stage], strerror(errno));
	if (null >= 0 && errors >= 0 && (message < 0 || lseek(message, 0, SEEK_SET) == 0)) {
		proc_fds fds = {.in = message < 0 ? null : message,
				.out = null,
				.err = errors,
				.extra = -1,
				.extra_as = -1};
		pid_t pid = spawn(argv, fds);
		int code = pid < 0 ? EX_OSERR : proc_wait(pid, clock_ms() + p->seconds * 1000);
		st = code == EX_OK ? status_ok() : judge(program, code, errors, stage);
	}
	if (null >= 0)
		(void)close(null);
	if (errors >= 0)
		(void)close(errors);
	return st;
}

status policy_run(const policy *p, enum smtp_stage stage, int message)
{
	status st = status_ok();
	for (char **at = p->programs[stage]; at && *at && status_is_ok(&st); at++)
		st = run_one(p, stage, *at, message);
	return st;
}
