/* links: run queue mail io base : z */
/* A result file, as another run left it: any octets. What is believed must be a line that we would write. */
#include "run/results.h"

#include <sys/stat.h>

#include "base/die.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int dir = -1;
static char path[] = "/tmp/pabal-fuzz.XXXXXX";

static void remove_dir(void)
{
	(void)unlinkat(dir, "log/run.00", 0);
	(void)unlinkat(dir, "log", AT_REMOVEDIR);
	(void)rmdir(path);
}

static void check(void *arg, const job_result *r)
{
	str line = str_new(4096);
	job_result again;
	(void)arg;
	job_result_write(r, &line);
	if (line.over || !job_result_parse(str_span(&line), &again) || again.n != r->n ||
	    again.st.code != r->st.code || !span_eq(again.id, r->id))
		__builtin_trap();
	str_free(&line);
}

static bool kept(void *arg)
{
	(void)arg;
	return false;
}

static void open_dir(void)
{
	if (!mkdtemp(path) || (dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
	    mkdirat(dir, "log", 0700) < 0)
		die_errno(1, "%s", path);
	(void)atexit(remove_dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	job_result one;
	results r;
	if (dir < 0)
		open_dir();
	int fd = openat(dir, "log/run.00", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		die_errno(1, "log/run.00");
	(void)close(fd);
	results_open(&r, dir);
	results_refresh(&r);
	if (results_find(&r, S("01ARZ3NDEKTSV4RRFFQ69G5F"), 1, &one) && !status_is_ok(&one.st) &&
	    !status_is_permanent(&one.st))
		__builtin_trap();
	results_bury(&r, check, kept, NULL);
	results_close(&r);
	return 0;
}
