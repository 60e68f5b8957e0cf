/* tls-wrap(8): TLS for a UCSPI server or client, or for the connections that a server hands over. */
#include <sys/syscall.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/control.h"
#include "io/log.h"
#include "io/proc.h"
#include "net/listen.h"
#include "tls/serve.h"

enum { CLIENT_IN = 6, CLIENT_OUT = 7, SESSIONS_MAX = 100000 };

static const char usage[] =
    "usage: tls-wrap [-a PROTOCOL,...] [-m MAX] PROGRAM [ARGUMENT...]\n"
    "       tls-wrap -c [-i] [-a PROTOCOL,...] [-n NAME] PROGRAM [ARGUMENT...]\n"
    "       tls-wrap -S [-c]\n";

typedef struct options {
	tls_config config;
	bool requests, test;
	uint64_t most;
} options;

static _Noreturn void wrong_usage(void)
{
	(void)fputs(usage, stderr);
	exit(EX_TEMPFAIL);
}

static void read_options(int argc, char **argv, options *o)
{
	int c;
	o->config.want.verify = true;
	while ((c = getopt(argc, argv, "+Sa:chim:n:t")) != -1) {
		switch (c) {
		case 'S':
			o->requests = true;
			break;
		case 'a':
			o->config.want.alpn = optarg;
			break;
		case 'c':
			o->config.client = true;
			break;
		case 'i':
			o->config.want.verify = false;
			break;
		case 'm':
			if (!span_u64(span_str(optarg), SESSIONS_MAX, &o->most) || !o->most)
				die(EX_TEMPFAIL, "-m: no number of connections: %s", optarg);
			break;
		case 'n':
			o->config.want.name = optarg;
			break;
		case 't':
			o->test = true;
			break;
		case 'h':
			(void)fputs(usage, stdout);
			exit(fflush(stdout) == 0 ? EX_OK : EX_IOERR);
		default:
			wrong_usage();
		}
	}
	if (o->requests || o->test ? optind != argc : optind == argc)
		wrong_usage();
}

/* Where fds 1 and 2 are the connection or the listener too, words for a person must not go there. */
static void no_socket_as_stderr(void)
{
	int null;
	if (!listen_is_input(STDERR_FILENO))
		return;
	if ((null = open("/dev/null", O_WRONLY | O_CLOEXEC)) < 0 || dup2(null, STDERR_FILENO) < 0)
		die_errno(EX_TEMPFAIL, "/dev/null");
}

static void configure(options *o, arena *mem)
{
	span ca = S("/etc/ssl/certs");
	tls_config *c = &o->config;
	if (control_value("tls-ca", mem, &ca) == CONTROL_ERROR)
		die_errno(EX_TEMPFAIL, "control/tls-ca");
	c->ca = arena_cstr(mem, ca);
	c->sandbox_optional = control_exists("sandbox-optional");
	if (!o->most && !control_number("max-sessions", SESSIONS_MAX, 200, &o->most))
		die_errno(EX_TEMPFAIL, "control/max-sessions");
	if (c->client && !c->want.name)
		c->want.name = getenv("TCPREMOTEHOST");
	if (c->client && c->want.verify && !o->requests && !(c->want.name && *c->want.name))
		die(EX_TEMPFAIL, "-n NAME says whose certificate is wanted (or -i: anybody's)");
}

/* Of who executed us to serve its requests: descriptors may be locks, which must end with it. */
static void let_go_of_the_rest(void)
{
	const char *log = getenv("PABAL_LOG");
	(void)syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 0);
	if (log && span_starts(span_str(log), S("fd:")) && strcmp(log, "fd:2") != 0)
		(void)setenv("PABAL_LOG", "none", 1);
}

/* For a person, and for mail-doctor(8). */
static int test_keys(void)
{
	out to;
	(void)setenv("PABAL_LOG", "none", 1); /* what is wrong is said here */
	log_open("tls-wrap");
	tls_keys *keys = tls_keys_open();
	out_open(&to, STDOUT_FILENO, 4096);
	bool good = tls_keys_report(keys, &to), said = out_flush(&to);
	out_close(&to);
	tls_keys_close(keys);
	return !said ? EX_IOERR : good ? EX_OK : EX_CONFIG;
}

int main(int argc, char **argv)
{
	options o = {.most = 0};
	arena mem = arena_new(1 << 16);
	enum tls_role role;
	int code;
	proc_start(argv[0]);
	read_options(argc, argv, &o);
	if (o.test)
		return test_keys();
	if (o.requests)
		let_go_of_the_rest();
	log_open("tls-wrap");
	configure(&o, &mem);
	no_socket_as_stderr();
	if (o.requests)
		return tls_serve_requests(&o.config, STDIN_FILENO);
	if (o.config.client)
		role =
		    tls_serve_one(&o.config, CLIENT_IN, CLIENT_OUT, CLIENT_IN, CLIENT_OUT, &code);
	else if (listen_is(STDIN_FILENO))
		role = tls_serve_listener(&o.config, STDIN_FILENO, (size_t)o.most, &code);
	else
		role = tls_serve_one(&o.config, STDIN_FILENO, STDOUT_FILENO, STDIN_FILENO,
				     STDOUT_FILENO, &code);
	if (role != TLS_PROGRAM)
		return code;
	(void)signal(SIGPIPE, SIG_DFL);
	(void)execvp(argv[optind], argv + optind);
	die_errno(EX_TEMPFAIL, "%s", argv[optind]);
}
