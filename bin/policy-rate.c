/* policy-rate(8): how often somebody may do something; 75 where it was too often. */
#include <sysexits.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/proc.h"
#include "run/rate.h"

static const char text[] = "usage: policy-rate [-h] [-n COUNT] NAME LIMIT SECONDS WHO\n";

static uint64_t number(const char *s, uint64_t max, const char *what)
{
	uint64_t n;
	if (!span_u64(span_str(s), max, &n) || n == 0)
		die(EX_TEMPFAIL, "%s: a number from 1 to %llu is needed", what,
		    (unsigned long long)max);
	return n;
}

static bool good_name(const char *s)
{
	return *s && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
			 strlen(s);
}

int main(int argc, char **argv)
{
	uint64_t count = 1;
	int c;
	proc_start(argv[0]);
	while ((c = getopt(argc, argv, "hn:")) != -1)
		if (c == 'h') {
			(void)fputs(text, stdout);
			return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
		} else if (c == 'n') {
			count = number(optarg, RATE_LIMIT_MAX, "-n");
		} else {
			die(EX_TEMPFAIL, "%s", text + sizeof "usage:");
		}
	char **arg = argv + optind;
	if (argc - optind != 4 || !good_name(arg[0]) || strlen(arg[0]) > 64)
		die(EX_TEMPFAIL, "%s", text + sizeof "usage:");
	uint64_t limit = number(arg[1], RATE_LIMIT_MAX, "LIMIT");
	uint64_t seconds = number(arg[2], RATE_SECONDS_MAX, "SECONDS");
	if (!*arg[3])
		return EX_OK; /* nobody */
	switch (rate_take(arg[0], span_str(arg[3]), count, limit, seconds, clock_now())) {
	case RATE_OK:
		return EX_OK;
	case RATE_OVER:
		(void)fputs("4.7.1 too much in too little time, try again later\n", stderr);
		return EX_TEMPFAIL;
	default:
		warn_errno("%s", arg[0]); /* who cannot count stops nobody */
		return EX_OK;
	}
}
