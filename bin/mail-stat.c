/* mail-stat(1): figures out of the log: a table, JSON lines, or the text format of Prometheus. */
#include <sysexits.h>
#include <time.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/control.h"
#include "io/file.h"
#include "io/in.h"
#include "io/out.h"
#include "io/proc.h"
#include "queue/figures.h"
#include "queue/qadd.h"
#include "queue/scan.h"

enum { LINE_MAX_OCTETS = 65536, TOP = 10, TEXT_MAX = 256 << 20 };
enum form { TABLE, JSON, PROMETHEUS };

static const char usage_text[] =
    "usage: mail-stat [-jpq] [-d DAY] [-n ROWS] [-o FILE] [FILE ...]\n";

typedef struct options {
	enum form form;
	bool queue; /* what is in the queue, too */
	const char *day, *to;
	uint64_t top;
} options;

static _Noreturn void misuse(void)
{
	(void)fputs(usage_text, stderr);
	exit(EX_USAGE);
}

/* Both ways in which a log may name the day: "2026-11-24", "Nov 24". */
typedef struct day_names {
	char iso[32], classic[32];
} day_names;

static void name_day(const char *given, day_names *d)
{
	time_t t = (time_t)clock_now();
	struct tm day;
	if (strcmp(given, "yesterday") == 0)
		t -= 86400;
	(void)localtime_r(&t, &day);
	const char *end = given;
	if (strcmp(given, "today") != 0 && strcmp(given, "yesterday") != 0)
		end = strptime(given, "%Y-%m-%d", &day);
	if (!end || (end != given && *end))
		misuse();
	if (strftime(d->iso, sizeof d->iso, "%Y-%m-%d", &day) == 0 ||
	    strftime(d->classic, sizeof d->classic, "%b %e", &day) == 0)
		misuse();
}

static void parse(int argc, char **argv, options *o)
{
	int c;
	*o = (options){.top = TOP};
	while ((c = getopt(argc, argv, "d:hjn:o:pq")) != -1) {
		switch (c) {
		case 'd':
			o->day = optarg;
			break;
		case 'h':
			exit(fputs(usage_text, stdout) < 0 || fflush(stdout) ? EX_IOERR : EX_OK);
		case 'j':
			o->form = JSON;
			break;
		case 'n':
			if (!span_u64(span_str(optarg), 1000000, &o->top))
				misuse();
			break;
		case 'o':
			o->to = optarg;
			break;
		case 'p':
			o->form = PROMETHEUS;
			break;
		case 'q':
			o->queue = true;
			break;
		default:
			misuse();
		}
	}
}

static bool read_log(figures *f, int fd, const day_names *day)
{
	in from;
	span line;
	enum in_result got;
	in_open(&from, fd, LINE_MAX_OCTETS);
	while ((got = in_line(&from, LINE_MAX_OCTETS, &line)) == IN_OK || got == IN_LONG) {
		if (got == IN_LONG)
			continue; /* no line of ours is that long */
		span iso = span_str(day->iso);
		const char *ours = span_starts(line, S("<")) ? memchr(line.p, '>', line.n) : NULL;
		size_t at = ours ? (size_t)(ours - line.p) + 1 : 0;
		bool classic = at < line.n && ascii_alpha((unsigned char)line.p[at]);
		figures_line(f, line, classic ? span_str(day->classic) : iso);
	}
	in_close(&from);
	return got == IN_EOF;
}

static bool read_files(figures *f, char **names, const day_names *day)
{
	bool good = true;
	if (!*names)
		return read_log(f, STDIN_FILENO, day);
	for (; *names; names++) {
		int fd = open(*names, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || !read_log(f, fd, day)) {
			warn_errno("%s", *names);
			good = false;
		}
		if (fd >= 0)
			(void)close(fd);
	}
	return good;
}

static void put_queue(const options *o, str *to)
{
	scan_counts c;
	int queue = qadd_open_queue();
	if (queue < 0 || !scan_count(queue, &c))
		die_errno(errno == EACCES ? EX_NOPERM : EX_UNAVAILABLE, "%s/queue", control_root());
	const struct {
		const char *name;
		size_t n;
	} rows[] = {{"new", c.new}, {"later", c.later}, {"hold", c.hold}, {"failed", c.failed}};
	if (o->form == TABLE)
		(void)str_printf(to, "%s%-40s   MESSAGES\n", to->n ? "\n" : "", "QUEUE");
	else if (o->form == PROMETHEUS)
		(void)str_put(to, S("# HELP pabal_queue_messages Messages in the queue.\n"
				    "# TYPE pabal_queue_messages gauge\n"));
	for (size_t i = 0; i < 4; i++)
		(void)str_printf(to,
				 o->form == TABLE ? "%-40s %10zu\n"
				 : o->form == JSON
				     ? "{\"figure\":\"queue\",\"name\":\"%s\",\"messages\":%zu}\n"
				     : "pabal_queue_messages{where=\"%s\"} %zu\n",
				 rows[i].name, rows[i].n);
	(void)close(queue);
}

int main(int argc, char **argv)
{
	options o;
	day_names day = {"", ""};
	figures f = figures_new();
	str text = str_new(TEXT_MAX);
	proc_start(argv[0]);
	parse(argc, argv, &o);
	if (o.day)
		name_day(o.day, &day);
	bool good = read_files(&f, argv + optind, &day);
	if (o.form == TABLE)
		figures_table(&f, (size_t)o.top, &text);
	else if (o.form == JSON)
		figures_json(&f, &text);
	else
		figures_prometheus(&f, &text);
	if (o.queue)
		put_queue(&o, &text);
	if (text.over)
		die(EX_UNAVAILABLE, "too many names");
	/* A collector that looks at any moment sees the old figures or the new ones. */
	if (o.to ? !file_replace(AT_FDCWD, o.to, 0644, str_span(&text))
		 : !write_all(STDOUT_FILENO, str_span(&text)))
		die_errno(EX_IOERR, "%s", o.to ? o.to : "standard output");
	str_free(&text);
	figures_free(&f);
	return good ? EX_OK : EX_NOINPUT;
}
