#include "run/login.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "auth/login_record.h"
#include "auth/throttle.h"
#include "base/die.h"
#include "base/status.h"
#include "io/control.h"
#include "io/log.h"
#include "io/proc.h"
#include "io/user.h"
#include "net/listen.h"
#include "net/ucspi.h"
#include "run/auth_gate.h"
#include "run/crowd.h"
#include "run/login_session.h"
#include "run/login_talker.h"
#include "run/login_try.h"
#include "run/starttls.h"

enum { CONFIG_MAX = 1 << 16, LOGIN_TIMEOUT = 120 };

typedef struct monitor {
	arena mem;
	span me;
	int idle_ms;
	login_rules rules;
	bool sandbox_optional;

	bool listening;
	prefork_slot slot;
	crowd crowd;
	int fd; /* the socket to the talker */
	in from;
	int passed, client; /* descriptors of the connection, -1: none, or fds 0 and 1 */
	peer peer;
	bool crowded;
	tls_service *tls;
	const char *alpn;
	enum login_tls tls_state;
	login_try login;
	char *payload; /* LOGIN_RECORD_MAX octets */
} monitor;

static volatile sig_atomic_t talker_pid;

static void pass_on(int sig)
{
	int saved = errno;
	if (talker_pid > 0)
		(void)kill(talker_pid, sig == SIGHUP ? SIGHUP : SIGTERM);
	errno = saved;
}

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

static void configure(monitor *m)
{
	uint64_t seconds;
	m->mem = arena_new(CONFIG_MAX);
	if (control_value("me", &m->mem, &m->me) != CONTROL_OK) {
		log_config_error("control/me", 0, strerror(errno));
		m->me = S("localhost");
	}
	if (!control_number("login-timeout", 86400, LOGIN_TIMEOUT, &seconds) || !seconds) {
		log_config_error("control/login-timeout", 0, "not a number from 1 to 86400");
		seconds = LOGIN_TIMEOUT;
	}
	m->idle_ms = (int)seconds * 1000;
	login_rules_read(&m->rules);
	m->sandbox_optional = control_exists("sandbox-optional");
}

/* TLS, or this machine where the operator allows it. */
static void judge_peer(monitor *m)
{
	login_try_begin(&m->login, &m->rules, &m->peer, m->tls_state == LOGIN_TLS_ACTIVE);
}

/* The address comes from the connection itself, not from the talker's words. A second one is nothing of a talker. */
static bool new_connection(monitor *m)
{
	struct sockaddr_storage remote = {0}, local = {0};
	socklen_t remote_size = sizeof remote, local_size = sizeof local;
	if (!m->listening || m->client >= 0 || m->passed < 0)
		return false;
	m->client = m->passed;
	m->passed = -1;
	if (getpeername(m->client, (struct sockaddr *)&remote, &remote_size) < 0 ||
	    getsockname(m->client, (struct sockaddr *)&local, &local_size) < 0)
		return false;
	if (remote.ss_family == AF_INET || remote.ss_family == AF_INET6)
		peer_from_socket(&m->peer, (struct sockaddr *)&remote, (struct sockaddr *)&local);
	else
		m->peer.loopback = true;
	judge_peer(m);
	/* behind loopback may be a webmail with all its users */
	m->crowded = !crowd_enter(&m->crowd, &m->slot,
				  m->peer.loopback ? 0 : throttle_network(m->peer.remote_ip));
	return true;
}

static bool reply(const monitor *m, char type, span payload)
{
	return frame_send(m->fd, type, &payload, 1);
}

/* What is allowed here, to P and T: behind `passed`, where the connection goes on over that. */
static bool tell(const monitor *m, char type, int passed)
{
	char flags[2] = {m->crowded	    ? '2'
			 : m->login.allowed ? '1'
					    : '0',
			 (char)('0' + m->tls_state)};
	span payload = {flags, sizeof flags};
	return frame_send_behind(m->fd, 'C', passed, type, &payload, 1);
}

/* The connection is the plaintext end from now on. */
static bool replace_client(monitor *m, int plain)
{
	if (!m->listening)
		return dup2(plain, 0) >= 0 && dup2(plain, 1) >= 0 && close(plain) == 0;
	(void)close(m->client);
	m->client = plain;
	return true;
}

static bool start_tls(monitor *m)
{
	tls_facts facts;
	if (m->tls_state != LOGIN_TLS_OFFERED || m->login.yes || (m->listening && m->client < 0))
		return false;
	int plain = starttls_begin(m->tls, m->listening ? m->client : 0, m->alpn, m->idle_ms,
				   m->peer.remote_ip, &facts);
	if (plain < 0)
		return reply(m, 'T', S(""));
	m->tls_state = LOGIN_TLS_ACTIVE;
	judge_peer(m);
	return tell(m, 'T', plain) && replace_client(m, plain);
}

/* False where there is nothing more to be said. */
static bool step(monitor *m, bool first, span line)
{
	str text = str_new(LOGIN_LINE_MAX);
	enum login_answer a = first ? login_try_start(&m->login, line, &text)
				    : login_try_respond(&m->login, line, &text);
	bool done = a != LOGIN_GONE && reply(m, login_letter(a), str_span(&text));
	str_free(&text);
	return done;
}

/* False: nonsense, or enough of it. */
static bool on_record(monitor *m, char type, span payload)
{
	switch (type) {
	case 'C':
		return new_connection(m);
	case 'P':
		return tell(m, 'P', -1);
	case 'T':
		return start_tls(m);
	case 'S':
		return step(m, true, payload);
	case 'R':
		return step(m, false, payload);
	default:
		return false;
	}
}

/* Answers until the talker ends, or hands over: then *end is filled. */
static bool watch(monitor *m, login_end *end)
{
	char type;
	size_t n;
	while (frame_recv(&m->from, &type, m->payload, LOGIN_RECORD_MAX, &n) == IN_OK) {
		span payload = span_of(m->payload, n);
		if (type == 'H' && m->login.yes) {
			end->read = payload;
			return frame_field(&end->read, &end->state) &&
			       end->state.n <= LOGIN_STATE_MAX && end->read.n <= LOGIN_IN;
		}
		if (!on_record(m, type, payload))
			return false;
	}
	return false;
}

/* The talker has nothing more to do, and holds the client's descriptor. */
static int end_talker(bool now)
{
	int how = 0;
	if (now)
		(void)kill(talker_pid, SIGKILL);
	while (waitpid((pid_t)talker_pid, &how, 0) < 0 && errno == EINTR)
		;
	talker_pid = 0;
	return WIFEXITED(how) ? WEXITSTATUS(how) : EX_TEMPFAIL;
}

static bool take_client(const monitor *m)
{
	if (!m->listening)
		return true;
	return m->client >= 0 && dup2(m->client, 0) >= 0 && dup2(m->client, 1) >= 0 &&
	       close(m->client) == 0;
}

static int be_monitor(monitor *m, const login_protocol *p)
{
	const prefork_slot *slot = &m->slot;
	login_end end = {.me = m->me, .sandbox_optional = m->sandbox_optional};
	in_open(&m->from, m->fd, 4096);
	m->from.passed = &m->passed;
	m->payload = xmalloc(LOGIN_RECORD_MAX);
	bool logged_in = watch(m, &end);
	login_helper_end(&m->login.helper);
	in_close(&m->from);
	if (m->passed >= 0)
		(void)close(m->passed);
	(void)close(m->fd);
	if (!logged_in)
		return end_talker(false);
	(void)end_talker(true);
	if (slot->board)
		(void)munmap((void *)(uintptr_t)slot->board, PREFORK_MAX);
	crowd_close(&m->crowd);
	tls_service_close(m->tls);
	if (slot->wake >= 0)
		(void)close(slot->wake);
	end.ip = m->peer.remote_ip;
	if (!take_client(m))
		return EX_TEMPFAIL;
	return login_session_run(p, &m->login.account, &end);
}

static int be_talker(monitor *m, const login_protocol *p, int fd, const prefork_slot *slot,
		     pid_t parent)
{
	login_talk t = {.me = m->me,
			.allowed = m->login.allowed,
			.scram = m->rules.scram,
			.tls = m->tls_state,
			.idle_ms = m->idle_ms};
	(void)signal(SIGINT, SIG_IGN); /* of a terminal; the monitor passes on a SIGTERM */
	if (!user_become_nobody()) {
		warn_errno("cannot become nobody");
		return EX_TEMPFAIL;
	}
	return login_talker(p, &t, m->listening, fd, parent, m->sandbox_optional, slot);
}

static int pair(const login_protocol *p, bool listening, const prefork_slot *slot,
		const crowd *shared, tls_service *tls)
{
	monitor *m = xcalloc(1, sizeof *m);
	int ends[2];
	pid_t self = getpid();
	m->listening = listening;
	m->slot = *slot;
	m->crowd = *shared;
	crowd_leave(&m->crowd, slot);
	m->passed = m->client = -1;
	m->tls = tls;
	m->alpn = p->alpn;
	m->tls_state = starttls_state(tls, listening);
	configure(m);
	if (!listening) {
		peer_from_env(&m->peer, 0);
		judge_peer(m);
	}
	block(SIG_BLOCK);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return EX_TEMPFAIL;
	pid_t pid = fork();
	if (pid < 0)
		return EX_TEMPFAIL;
	if (pid == 0) {
		crowd_close(&m->crowd);
		return be_talker(m, p, ends[1], slot, self);
	}
	talker_pid = pid;
	m->fd = ends[0];
	(void)close(ends[1]);
	take_signals();
	block(SIG_UNBLOCK);
	return be_monitor(m, p);
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

static size_t number(const char *name, size_t fallback)
{
	uint64_t value;
	if (control_number(name, PREFORK_MAX, fallback, &value) && value)
		return (size_t)value;
	log_config_error(name, 0, "not a number from 1 to 4096");
	return (size_t)fallback;
}

int login_serve(const login_protocol *p, bool *leave)
{
	prefork_slot slot = PREFORK_ALONE;
	crowd shared = {NULL, 0};
	tls_service tls = TLS_SERVICE_NONE;
	bool listening = listen_is(0);
	*leave = false;
	if (listen_is_input(2)) /* the journal is another socket, and may stay */
		no_socket_on(2, O_WRONLY);
	auth_gate_make_run();
	starttls_open(&tls, listening);
	if (!user_limit_powers(USER_SETUID_KILL))
		return EX_TEMPFAIL;
	if (listening) {
		prefork want = {.spare = number("login-spare", 4),
				.cap = number("max-sessions", 200)};
		no_socket_on(1, O_WRONLY);
		if (!crowd_open(&shared, number("max-per-network", (want.cap + 1) / 2)))
			return EX_TEMPFAIL;
		enum prefork_role role = prefork_run(&want, &slot);
		if (role != PREFORK_PAIR)
			return role == PREFORK_PARENT ? EX_OK : EX_TEMPFAIL;
	}
	*leave = true; /* from a sandbox nothing that runs at exit could do its work */
	return pair(p, listening, &slot, &shared, &tls);
}
