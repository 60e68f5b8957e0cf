/* smtp-recv(8): an SMTP (LMTP) session on fds 0 and 1; or, where fd 0 is a listening socket, all of them. */
#include <sys/stat.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/control.h"
#include "io/log.h"
#include "io/proc.h"
#include "io/user.h"
#include "net/listen.h"
#include "run/auth_gate.h"
#include "run/pair.h"

static void usage(FILE *to)
{
	(void)fputs("usage: smtp-recv [-hls]\n", to);
}

static void options(int argc, char **argv, pair_options *opt)
{
	int c;
	while ((c = getopt(argc, argv, "hls")) == 'l' || c == 's')
		*(c == 'l' ? &opt->lmtp : &opt->submission) = true;
	if (c == 'h') {
		usage(stdout);
		exit(fflush(stdout) == 0 ? EX_OK : EX_IOERR);
	}
	if (c != -1 || optind < argc || (opt->lmtp && opt->submission)) {
		usage(stderr);
		exit(EX_TEMPFAIL);
	}
}

/* Words for a person never go to the client: fds 1 and 2 of inetd's wait mode are the listener too. */
static void no_socket_on(int fd, int flags)
{
	struct stat st;
	int null;
	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) || (null = open("/dev/null", flags)) < 0)
		return;
	(void)dup2(null, fd);
	(void)close(null);
}

static size_t number(const char *name, uint64_t fallback)
{
	uint64_t value;
	if (control_number(name, PREFORK_MAX, fallback, &value) && value)
		return (size_t)value;
	log_config_error(name, 0, "not a number from 1 to 4096");
	return (size_t)fallback;
}

/* The queue's owner, where root starts it; somebody must then stay who can execute auth-check. */
static bool become_owner(pair_options *opt)
{
	if (geteuid() != 0 || !user_four_owners())
		return true;
	if (opt->submission || control_exists("recv-auth")) {
		auth_gate_make_run();
		if (!auth_gate_start(&opt->gate))
			return false;
	}
	return user_become("mailq");
}

int main(int argc, char **argv)
{
	prefork_slot slot = PREFORK_ALONE;
	pair_options opt = {.gate = -1};
	tls_service tls;
	bool in_talker;
	proc_start(argv[0]);
	options(argc, argv, &opt);
	log_open("smtp-recv");
	if (listen_is_input(2)) /* the journal is another socket, and may stay */
		no_socket_on(2, O_WRONLY);
	opt.listening = listen_is(0);
	starttls_open(&tls, opt.listening);
	opt.tls = &tls;
	if (!become_owner(&opt))
		die_errno(EX_TEMPFAIL, "cannot become mailq");
	if (opt.listening) {
		prefork want = {.spare = number("recv-spare", 8),
				.cap = number("max-sessions", 200)};
		no_socket_on(1, O_WRONLY);
		if (!crowd_open(&opt.crowd, number("max-per-network", (want.cap + 1) / 2)))
			return EX_TEMPFAIL;
		enum prefork_role role = prefork_run(&want, &slot);
		if (role != PREFORK_PAIR)
			return role == PREFORK_PARENT ? EX_OK : EX_TEMPFAIL;
	}
	crowd_leave(&opt.crowd, &slot);
	int code = pair_run(&opt, &slot, &in_talker);
	if (in_talker)
		_exit(code); /* from a sandbox nothing that runs at exit could do its work */
	return code;
}
