#include "run/keeper_state.h"

#include <arpa/inet.h>

#include "base/die.h"
#include "io/log.h"
#include "run/talk.h"

enum {
	KEEPER_IN = 32768,
	ENVELOPE_MAX = 32 << 20, /* octets of one transaction */
	FORWARD_MAX = ENVELOPE_LINE_MAX - 64,
	SCRATCH_MAX = 1 << 20, /* octets of what resolving one address may need */
};

bool nets_match(const nets *n, const char *ip)
{
	for (size_t i = 0; i < n->count; i++)
		if (net_match(n->entries[i], ip[0] ? ip : "127.0.0.1"))
			return true;
	return false;
}

void keeper_end_transaction(keeper *k)
{
	keep_abort(&k->keep);
	k->env = (envelope){.xforward = S(""), .sender.addr.null = true};
	k->room = 0;
	k->head_due = false;
	if (!k->forward_fresh)
		str_clear(&k->forward);
	k->refusal = status_ok();
	k->unfit = status_make(EX_TEMPFAIL, 503, "5.5.1", "no MAIL");
	arena_reset(&k->mem);
}

/* No network at all (a pipe, a terminal) is this machine. */
void keeper_set_peer(keeper *k, const peer *p, bool tls)
{
	k->peer = *p;
	k->tls = tls;
	if (k->config->limits.auth)
		login_try_begin(&k->login, &k->config->login, p, tls);
	k->relay = nets_match(&k->config->relay_nets, p->remote_ip);
	k->xclient = nets_match(&k->config->xclient_nets, p->remote_ip);
	k->xforward_ok = nets_match(&k->config->xforward_nets, p->remote_ip);
	if (k->config->chain || k->config->limits.stages)
		(void)peer_to_env(&k->peer);
}

/* The addresses come from the connection itself, not from the talker's words. */
static void new_connection(keeper *k)
{
	struct sockaddr_storage remote = {0}, local = {0};
	socklen_t remote_size = sizeof remote, local_size = sizeof local;
	keeper_end_transaction(k);
	login_try_end(&k->login);
	k->login.allowed = false;
	k->peer = (peer){.remote_port = 0};
	k->relay = k->tls = k->xclient = k->xforward_ok = k->forward_fresh = false;
	str_clear(&k->helo);
	if (k->config->tls == LOGIN_TLS_OFFERED)
		(void)tls_facts_to_env(NULL);
	if (k->passed >= 0 &&
	    getpeername(k->passed, (struct sockaddr *)&remote, &remote_size) == 0 &&
	    getsockname(k->passed, (struct sockaddr *)&local, &local_size) == 0 &&
	    (remote.ss_family == AF_INET || remote.ss_family == AF_INET6)) {
		peer p;
		peer_from_socket(&p, (struct sockaddr *)&remote, (struct sockaddr *)&local);
		keeper_set_peer(k, &p, false);
	}
	if (k->passed >= 0)
		(void)close(k->passed);
	k->passed = -1;
}

void keeper_log_client(const keeper *k, log_line *l)
{
	if (k->peer.remote_ip[0])
		log_puts(l, "ip", k->peer.remote_ip);
	if (k->forward.n)
		log_put(l, "forwarded", str_span(&k->forward));
	if (k->login.yes)
		log_puts(l, "user", k->login.account.address);
}

void keeper_log(const keeper *k, const char *event, const addr *rcpt, const status *st)
{
	log_line l;
	str text = str_new(1024);
	log_begin(&l, event);
	keeper_log_client(k, &l);
	addr_write(&k->env.sender.addr, &text);
	log_put(&l, "from", str_span(&text));
	if (rcpt) {
		str_clear(&text);
		addr_write(rcpt, &text);
		log_put(&l, "to", str_span(&text));
	}
	log_status(&l, st);
	log_end(&l);
	str_free(&text);
}

/* The log hears file and line of an operator's mistake, the client does not. */
bool keeper_answer(keeper *k, status st)
{
	smtp_verdict v = {.st = st, .normalize_lf = k->relay || k->login.yes};
	if (st.reply == 451)
		v.st = status_doubt("something is wrong here, try again later");
	return talk_send_verdict(k->fd, &v);
}

/* RFC 3207, 4.2: nothing of what was said in the clear counts any more, a login included. */
static bool on_tls(keeper *k)
{
	tls_facts facts;
	int client = k->passed;
	k->passed = -1;
	k->forward_fresh = false;
	str_clear(&k->helo);
	keeper_end_transaction(k);
	if (client < 0 || k->tls || k->config->tls != LOGIN_TLS_OFFERED)
		return false;
	int plain = starttls_begin(k->config->tls_service, client, "smtp,esmtp",
				   k->config->limits.idle_ms, k->peer.remote_ip, &facts);
	(void)close(client);
	if (plain < 0)
		return frame_send(k->fd, 'T', NULL, 0);
	peer same = k->peer;
	keeper_set_peer(k, &same, true);
	memcpy(k->cipher, facts.cipher, sizeof k->cipher);
	span yes = S("1");
	bool told = frame_send_behind(k->fd, 'C', plain, 'T', &yes, 1);
	(void)close(plain);
	return told;
}

static bool on_login(keeper *k, span payload)
{
	enum login_answer a = LOGIN_TEMP;
	bool first = span_starts(payload, S("S"));
	if (!payload.n || !k->config->limits.auth)
		return false;
	str text = str_new(LOGIN_LINE_MAX);
	span line = span_sub(payload, 1, payload.n);
	if (first)
		a = login_try_start(&k->login, line, &text);
	else
		a = login_try_respond(&k->login, line, &text);
	bool done = talk_send_login(k->fd, a, str_span(&text));
	str_free(&text);
	return done;
}

/* False: the talker talks nonsense, it is not served any more. By itself, so that a keeper that waits has not touched
 * the stack that the work needs. */
static __attribute__((noinline)) bool on_record(keeper *k, char type, span payload)
{
	arena_reset(&k->scratch);
	switch (type) {
	case 'C':
		new_connection(k);
		return true;
	case 'R':
		return keeper_rcpt(k, payload);
	case 'M':
		return keeper_message(k, payload);
	case 'B':
		return keeper_begin(k, payload);
	case 'D':
		keeper_data(k, payload);
		return true;
	case 'F':
		return keeper_commit(k);
	case 'X':
		return keeper_refusal(k, payload);
	case 'U':
		return keeper_attributes(k, payload);
	case 'G':
		return keeper_stage(k, payload);
	case 'A':
		return on_login(k, payload);
	case 'O':
	case 'N':
		return true;
	case 'T':
		return on_tls(k);
	default:
		return false;
	}
}

static void open_keeper(keeper *k)
{
	in_open(&k->from, k->fd, KEEPER_IN);
	k->from.passed = &k->passed;
	k->payload = xmalloc(TALK_MAX);
	k->mem = arena_new(ENVELOPE_MAX);
	k->scratch = arena_new(SCRATCH_MAX);
	k->forward = str_new(FORWARD_MAX);
	k->helo = str_new(CMD_HELLO_MAX);
	k->xforward = str_new(ENVELOPE_LINE_MAX - 64);
	keep_init(&k->keep, k->config);
	if (k->config->limits.auth)
		k->submitter = submitter_open(k->resolver);
	keeper_end_transaction(k);
}

static void close_keeper(keeper *k)
{
	keeper_end_transaction(k);
	login_try_end(&k->login);
	submitter_close(k->submitter);
	keep_free(&k->keep);
	str_free(&k->helo);
	str_free(&k->forward);
	str_free(&k->xforward);
	arena_free(&k->scratch);
	arena_free(&k->mem);
	free(k->payload);
	in_close(&k->from);
}

static const char *cipher_of_env(void)
{
	const char *name = getenv("TLS_CIPHER");
	return name ? name : "";
}

void keeper_run(const keeper_config *config, resolver *r, int fd, const peer *client)
{
	keeper k = {.config = config, .resolver = r, .fd = fd, .passed = -1};
	char type;
	size_t n;
	open_keeper(&k);
	if (client)
		keeper_set_peer(&k, client, config->tls == LOGIN_TLS_ACTIVE);
	if (k.tls)
		(void)snprintf(k.cipher, sizeof k.cipher, "%s", cipher_of_env());
	while (frame_recv(&k.from, &type, k.payload, TALK_MAX, &n) == IN_OK) {
		if (!on_record(&k, type, span_of(k.payload, n)))
			break;
	}
	if (k.passed >= 0)
		(void)close(k.passed);
	close_keeper(&k);
}
