#include "tls/engine.h"

#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/sandbox.h"
#include "io/user.h"
#include "net/ucspi.h"

/* Where its descriptors are: 0 to 2 as they are (the log may be there), these, and no other. */
enum { NET_IN = 3, NET_OUT, TO_PROGRAM, FROM_PROGRAM, POISON, FIRST_CLOSED };

static bool place_all(engine *e)
{
	int *const fds[] = {&e->net_in, &e->net_out, &e->to_program, &e->from_program, &e->poison};
	int high[5];
	for (size_t i = 0; i < 5; i++)
		if ((high[i] = *fds[i] < 0 ? -1 : fcntl(*fds[i], F_DUPFD_CLOEXEC, FIRST_CLOSED)) <
			0 &&
		    *fds[i] >= 0)
			return false;
	log_close();
	for (size_t i = 0; i < 5; i++) {
		int at = NET_IN + (int)i;
		if (high[i] < 0)
			(void)close(at);
		else if (dup2(high[i], at) < 0 ||
			 (at != POISON && fcntl(at, F_SETFL, O_NONBLOCK) < 0))
			return false; /* POISON is the program's own descriptor */
		*fds[i] = high[i] < 0 ? -1 : at;
	}
	return true;
}

/* Standard input and output of tls-wrap are the network, or lead to who asks it. */
static bool let_go(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		return false;
	return syscall(SYS_close_range, FIRST_CLOSED, UINT_MAX, 0) == 0;
}

static bool confine(const engine *e)
{
	/* where Debian's hashed directory leads to */
	const sandbox_path all[] = {{e->ca, false},
				    {"/usr/share/ca-certificates", false},
				    {"/usr/local/share/ca-certificates", false}};
	sandbox_path there[3];
	size_t n = 0;
	if (!e->ca)
		return sandbox_talker(-1, e->to_program);
	for (size_t i = 0; i < 3; i++)
		if (access(all[i].path, F_OK) == 0)
			there[n++] = all[i];
	return sandbox_reader(there, n);
}

static void log_event(const engine *e, const char *event, const char *ip, const char *text)
{
	log_line l;
	log_begin(&l, event);
	if (*ip)
		log_puts(&l, "ip", ip);
	if (e->want.name && *e->want.name)
		log_puts(&l, "name", e->want.name);
	log_puts(&l, "text", text);
	log_end(&l);
}

static tls_conn *begin(const engine *e, const char **why)
{
	tls_context *c = e->keys ? tls_keys_default(e->keys) : e->client;
	*why = e->keys ? "there is no key" : "nobody is known who may sign certificates";
	if (!c)
		return NULL;
	*why = "no TLS connection can be made";
	return e->keys
		   ? tls_accept_on(c, e->net_in, e->net_out, e->want.alpn, tls_keys_find, e->keys)
		   : tls_connect_on(c, e->net_in, e->net_out, &e->want);
}

/* NULL where it went well. */
static const char *shake(const pump *p, tls_conn *c)
{
	int64_t deadline = clock_ms() + TLS_SECONDS * 1000;
	enum tls_result r;
	while ((r = tls_handshake(c)) == TLS_WAIT_READ || r == TLS_WAIT_WRITE)
		if (!pump_wait(p, r, deadline))
			return "no handshake in time";
	if (r == TLS_OK)
		return NULL;
	return tls_error(c)[0] ? tls_error(c) : "connection lost in the handshake";
}

static void serve(engine *e, const char *ip)
{
	tls_facts facts;
	const char *why;
	pump p = {.net_in = e->net_in,
		  .net_out = e->net_out,
		  .to_program = e->to_program,
		  .from_program = e->from_program,
		  .poison = e->poison,
		  .conn = begin(e, &why)};
	if (p.conn)
		why = shake(&p, p.conn);
	if (why) {
		log_event(e, "tls-failed", ip, why);
		(void)tls_refuse(e->to_program, why);
		return;
	}
	tls_facts_of(p.conn, &facts);
	if (!tls_answer(e->to_program, &facts))
		return;
	pump_run(&p);
	if (p.cut)
		log_event(e, "tls-cut", ip, p.why && *p.why ? p.why : "no close_notify");
}

static void take_no_signals(void)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGCHLD};
	sigset_t none;
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		(void)signal(signals[i], SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Descriptors above 2 are its own now: a log that was on one of them would be written to the network. */
static void open_log(void)
{
	const char *want = getenv("PABAL_LOG");
	if (want && span_starts(span_str(want), S("fd:")) && strcmp(want, "fd:2") != 0)
		(void)setenv("PABAL_LOG", "none", 1);
	log_open("tls-wrap");
}

void engine_run(engine *e)
{
	peer client;
	take_no_signals(); /* it ends with its session */
	peer_from_env(&client, e->net_in);
	tzset(); /* reads a file, for the stamps of syslog(3) */
	if (!place_all(e) || !let_go() || !user_become_nobody()) {
		warn_errno("cannot let go");
		return;
	}
	open_log();
	if (!confine(e)) {
		warn_errno("sandbox%s", e->sandbox_optional ? " (optional)" : "");
		if (!e->sandbox_optional)
			return;
	}
	serve(e, client.remote_ip);
}
