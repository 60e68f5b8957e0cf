#include "run/pair.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include "base/die.h"
#include "io/control.h"
#include "io/log.h"
#include "io/proc.h"
#include "run/keeper.h"
#include "run/talker.h"

static volatile sig_atomic_t talker_pid;

static void pass_on(int sig)
{
	int saved = errno;
	if (talker_pid > 0)
		(void)kill(talker_pid, sig == SIGHUP ? SIGHUP : SIGTERM);
	errno = saved;
}

/* The keeper ends when its talker does; signals are for the talker. */
static void take_signals(void)
{
	struct sigaction a = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
	(void)sigemptyset(&a.sa_mask);
	(void)sigaction(SIGTERM, &a, NULL);
	(void)sigaction(SIGINT, &a, NULL);
	(void)sigaction(SIGHUP, &a, NULL);
}

static void block(int how)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(how, &set, NULL);
}

/* The connection is the talker's alone, or its end would not be seen by the client. */
static void let_go_of_client(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return;
	(void)dup2(null, 0);
	(void)dup2(null, 1);
	(void)close(null);
}

static int keep(const keeper_config *config, int fd, const peer *client)
{
	int how = 0;
	resolver *r = resolver_open();
	keeper_run(config, r, fd, client);
	resolver_close(r);
	(void)close(fd);
	while (waitpid((pid_t)talker_pid, &how, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(how) ? WEXITSTATUS(how) : EX_TEMPFAIL;
}

static int talk(const keeper_config *config, const pair_options *opt, const peer *client, int fd,
		const prefork_slot *slot, pid_t keeper)
{
	smtp_limits limits = config->limits;
	if (limits.me.n == 0)
		limits.me = S("localhost");
	talker_config c = {
	    .limits = &limits,
	    .keeper = fd,
	    .listening = opt->listening,
	    .connections = config->connections,
	    .login = &config->login,
	    .crowd = &opt->crowd,
	    .xclient_nets = &config->xclient_nets,
	    .xforward_nets = &config->xforward_nets,
	    .xclient = nets_match(&config->xclient_nets, client->remote_ip),
	    .xforward = nets_match(&config->xforward_nets, client->remote_ip),
	    .stranger = client->remote_ip[0] && !client->loopback,
	    .login_allowed =
		config->tls == LOGIN_TLS_ACTIVE || (config->login.loopback && client->loopback),
	    .tls = config->tls,
	    .sandbox_optional = control_exists("sandbox-optional"),
	    .slot = *slot,
	};
	(void)signal(SIGINT, SIG_IGN); /* of a terminal; the keeper passes on a SIGTERM */
	return talker_run(&c, keeper);
}

int pair_run(const pair_options *opt, const prefork_slot *slot, bool *in_talker)
{
	keeper_config config;
	peer client;
	int ends[2], code = EX_TEMPFAIL;
	pid_t self = getpid();
	*in_talker = false;
	peer_from_env(&client, 0);
	keeper_configure(&config, opt->submission);
	config.limits.lmtp = opt->lmtp;
	config.login.gate = opt->gate;
	config.tls_service = opt->tls;
	config.tls = starttls_state(opt->tls, opt->listening);
	block(SIG_BLOCK);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) {
		pid_t pid = fork();
		if (pid == 0) {
			*in_talker = true;
			code = talk(&config, opt, &client, ends[1], slot, self);
		} else if (pid > 0) {
			talker_pid = pid;
			take_signals();
			block(SIG_UNBLOCK);
			(void)close(ends[1]);
			let_go_of_client();
			code = keep(&config, ends[0], opt->listening ? NULL : &client);
		}
	}
	keeper_forget(&config);
	return code;
}
