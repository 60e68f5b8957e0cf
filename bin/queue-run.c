/* queue-run(8): tries what is due, once; with -w stays and watches. */
#include <sysexits.h>

#include "base/die.h"
#include "io/control.h"
#include "io/log.h"
#include "io/proc.h"
#include "run/plan.h"
#include "run/runner.h"

static void usage(FILE *to)
{
	(void)fputs("usage: queue-run [-nw] [-Q DIR] [ID ...]\n", to);
}

/* The programs beside this one come first: deliver-maildir, smtp-send. */
static void find_agents(const char *argv0)
{
	const char *slash = strrchr(argv0, '/'), *path = getenv("PATH");
	char *with;
	if (!slash)
		return;
	if (asprintf(&with, "%.*s:%s", (int)(slash - argv0), argv0, path ? path : "/usr/bin:/bin") <
	    0)
		die(EX_TEMPFAIL, "out of memory");
	(void)setenv("PATH", with, 1);
	free(with);
}

int main(int argc, char **argv)
{
	runner_options o = {.stay = false};
	bool list = false;
	char *queue = NULL;
	int c;
	proc_start(argv[0]);
	while ((c = getopt(argc, argv, "hnwQ:")) != -1) {
		switch (c) {
		case 'h':
			usage(stdout);
			return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
		case 'n':
			list = true;
			break;
		case 'w':
			o.stay = true;
			break;
		case 'Q':
			o.queue = optarg;
			o.foreign = true;
			break;
		default:
			usage(stderr);
			return EX_TEMPFAIL;
		}
	}
	o.ids = argv + optind;
	o.id_count = (size_t)(argc - optind);
	if (o.stay && o.id_count) {
		usage(stderr);
		return EX_TEMPFAIL;
	}
	if (!o.queue && asprintf(&queue, "%s/queue", control_root()) < 0)
		die(EX_TEMPFAIL, "out of memory");
	o.queue = o.queue ? o.queue : queue;
	log_open("queue-run");
	find_agents(argv[0]);
	int result = list ? plan_run(&o) : runner_run(&o);
	free(queue);
	return result;
}
