#include "tls/serve.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "base/die.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/user.h"
#include "net/ucspi.h"

enum { END_MS = 10000, PAUSE_MS = 100 };

/* What is loaded once. */
typedef struct loaded {
	tls_keys *keys;
	tls_context *client, *verifier; /* the second with the certificates of who may sign */
	bool is_directory;
} loaded;

/* Only when the first peer is to be verified: a file of all the world's authorities takes 50 ms. */
static tls_context *verifier(const tls_config *c, loaded *l)
{
	char why[TLS_WHY_MAX];
	struct stat st;
	if (l->verifier)
		return l->verifier;
	l->is_directory = c->ca && stat(c->ca, &st) == 0 && S_ISDIR(st.st_mode);
	l->verifier = tls_client_new(c->ca, l->is_directory, why);
	if (!l->verifier)
		log_config_error("control/tls-ca", 0, why);
	return l->verifier;
}

static bool load(const tls_config *c, loaded *l)
{
	char why[TLS_WHY_MAX];
	*l = (loaded){.keys = NULL};
	if (!c->client) {
		l->keys = tls_keys_open();
		return tls_keys_default(l->keys) != NULL;
	}
	l->client = tls_client_new(NULL, false, why);
	if (!l->client)
		log_config_error("tls-wrap", 0, why);
	return l->client != NULL;
}

static void unload(loaded *l)
{
	if (l->keys)
		tls_keys_close(l->keys);
	tls_context_free(l->client);
	tls_context_free(l->verifier);
}

/* The engine's view of a connection. */
static void prepare(const tls_config *c, loaded *l, const tls_want *w, engine *e)
{
	*e = (engine){.keys = l->keys,
		      .client = l->client,
		      .want = *w,
		      .net_in = -1,
		      .net_out = -1,
		      .to_program = -1,
		      .from_program = -1,
		      .poison = -1,
		      .sandbox_optional = c->sandbox_optional};
	if (!c->client) {
		tls_keys_refresh(l->keys);
	} else if (w->verify) {
		e->client = verifier(c, l);
		e->ca = l->is_directory ? c->ca : NULL;
	}
}

static void answer_request(const tls_config *c, loaded *l, const tls_request *r)
{
	tls_want w = {.alpn = r->alpn, .name = r->name, .verify = r->verify};
	engine e;
	if (r->client != c->client) {
		(void)tls_refuse(r->plain, "the other side of TLS was asked for");
		return;
	}
	prepare(c, l, &w, &e);
	e.net_in = e.net_out = r->network;
	e.to_program = e.from_program = r->plain;
	pid_t pid = fork();
	if (pid == 0) {
		engine_run(&e);
		_exit(0);
	}
	if (pid < 0)
		(void)tls_refuse(r->plain, "no process can be made");
}

int tls_serve_requests(const tls_config *c, int fd)
{
	loaded l;
	tls_request r;
	enum tls_heard heard;
	/* Its servers tell it to end by closing; it must outlive their last sessions. */
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGCHLD, SIG_IGN);
	bool usable = load(c, &l);
	span why = span_str(l.keys ? tls_keys_why(l.keys) : "");
	span word = usable ? S("+") : why.n ? why : S("there is no certificate with a key");
	(void)user_limit_powers(USER_SETUID_KILL);
	bool told = send(fd, word.p, word.n, MSG_NOSIGNAL) == (ssize_t)word.n;
	while (told && usable && (heard = tls_request_read(fd, &r)) != TLS_END) {
		if (heard == TLS_NONSENSE)
			continue;
		answer_request(c, &l, &r);
		(void)close(r.network);
		(void)close(r.plain);
	}
	unload(&l);
	return EXIT_SUCCESS;
}

/* A child of a child: the program that we become has none that it does not know. */
static bool fork_engine(engine *e, const int program[2])
{
	int how = 0;
	pid_t pid = fork();
	if (pid == 0) {
		pid_t second = fork();
		if (second == 0) {
			(void)close(program[0]);
			(void)close(program[1]);
			engine_run(e);
		}
		_exit(second < 0);
	}
	while (pid > 0 && waitpid(pid, &how, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(how) && WEXITSTATUS(how) == 0;
}

/* Two pairs, so that the program's input can be reset (pump.h). program[] are its ends, above as_out. */
static bool make_pairs(engine *e, int program[2], int above)
{
	int in[2], back[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, back) < 0)
		return false;
	e->to_program = in[0];
	e->from_program = back[0];
	program[0] = fcntl(in[1], F_DUPFD_CLOEXEC, above + 1);
	program[1] = fcntl(back[1], F_DUPFD_CLOEXEC, above + 1);
	e->poison = in[1];
	(void)close(back[1]);
	return program[0] >= 0 && program[1] >= 0;
}

static bool start(loaded *l, engine *e, int program[2], int above)
{
	peer p;
	tls_facts facts;
	char why[TLS_WHY_MAX];
	peer_from_env(&p, e->net_in);
	bool heard = make_pairs(e, program, above) && fork_engine(e, program);
	(void)close(e->to_program);
	(void)close(e->from_program);
	(void)close(e->poison);
	unload(l);
	heard = heard && tls_hear(program[0], clock_ms() + (TLS_SECONDS + 5) * 1000, &facts, why);
	/* the program cannot ask the socket any more who that is */
	return heard && tls_facts_to_env(&facts) && (!p.remote_ip[0] || peer_to_env(&p));
}

static enum tls_role become_program(loaded *l, engine *e, int as_in, int as_out, int *code)
{
	int program[2] = {-1, -1};
	*code = EX_TEMPFAIL;
	if (!start(l, e, program, as_out))
		return TLS_OVER;
	return dup2(program[0], as_in) >= 0 && dup2(program[1], as_out) >= 0 ? TLS_PROGRAM
									     : TLS_OVER;
}

enum tls_role tls_serve_one(const tls_config *c, int net_in, int net_out, int as_in, int as_out,
			    int *code)
{
	loaded l;
	engine e;
	*code = EX_TEMPFAIL;
	if (!load(c, &l)) {
		unload(&l);
		return TLS_OVER;
	}
	prepare(c, &l, &c->want, &e);
	e.net_in = net_in;
	e.net_out = net_out;
	return become_program(&l, &e, as_in, as_out, code);
}

static volatile sig_atomic_t ending;

static void on_signal(int sig)
{
	if (sig != SIGCHLD)
		ending = 1;
}

typedef struct listener {
	pid_t *pids;
	size_t count, most;
	sigset_t before; /* the mask of who started us */
} listener;

static void reap(listener *s)
{
	for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;)
		for (size_t i = 0; i < s->count; i++)
			if (s->pids[i] == pid) {
				s->pids[i] = s->pids[--s->count];
				break;
			}
}

static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};

/* Blocked outside of ppoll(2), so that none comes between the test and the wait. */
static void block_signals(listener *s)
{
	struct sigaction a = {.sa_handler = on_signal};
	sigset_t mask;
	(void)sigemptyset(&mask);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		(void)sigaddset(&mask, signals[i]);
		(void)sigaction(signals[i], &a, NULL);
	}
	(void)sigprocmask(SIG_BLOCK, &mask, &s->before);
}

static void unblock_signals(const listener *s)
{
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		(void)signal(signals[i], SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &s->before, NULL);
}

static void end_all(listener *s)
{
	int64_t deadline = clock_ms() + END_MS;
	for (size_t i = 0; i < s->count; i++)
		(void)kill(s->pids[i], SIGTERM);
	while (s->count && clock_left(deadline)) {
		int ms = clock_left(deadline);
		struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};
		(void)ppoll(NULL, 0, &ts, &s->before);
		reap(s);
	}
	for (size_t i = 0; i < s->count; i++)
		(void)kill(s->pids[i], SIGKILL);
}

/* True in the child, the connection on `fd`. */
static bool accept_one(listener *s, int from, int *fd)
{
	*fd = accept4(from, NULL, NULL, SOCK_CLOEXEC);
	if (*fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			(void)poll(NULL, 0, PAUSE_MS);
		return false;
	}
	pid_t pid = fork();
	if (pid == 0)
		return true;
	if (pid > 0)
		s->pids[s->count++] = pid;
	(void)close(*fd);
	return false;
}

enum tls_role tls_serve_listener(const tls_config *c, int fd, size_t most, int *code)
{
	loaded l;
	int client = -1;
	listener s = {.most = most, .pids = xcalloc(most, sizeof *s.pids)};
	*code = EX_TEMPFAIL;
	if (!load(c, &l) || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return TLS_OVER;
	block_signals(&s);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* of the engines, whose parents have ended */
	while (!ending) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		/* at the limit the rest waits in the kernel's queue */
		int n = ppoll(&p, s.count < s.most, NULL, &s.before);
		reap(&s);
		if (n > 0)
			tls_keys_refresh(l.keys);
		if (n > 0 && !ending && accept_one(&s, fd, &client)) {
			engine e;
			unblock_signals(&s);
			free(s.pids);
			(void)close(fd);
			prepare(c, &l, &c->want, &e);
			e.net_in = e.net_out = client;
			return become_program(&l, &e, 0, 1, code);
		}
	}
	(void)close(fd);
	end_all(&s);
	free(s.pids);
	unload(&l);
	*code = 0;
	return TLS_OVER;
}
