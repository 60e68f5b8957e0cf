#include "run/keeper.h"

#include <arpa/inet.h>

#include "base/die.h"
#include "io/log.h"
#include "run/keep.h"
#include "run/talk.h"
#include "smtp/cmd.h"

enum {
	KEEPER_IN = 32768,
	ENVELOPE_MAX = 32 << 20, /* octets of one transaction */
	SCRATCH_MAX = 1 << 20,	 /* octets of what resolving one address may need */
};

typedef struct keeper {
	const keeper_config *config;
	resolver *resolver;
	int fd;
	in from;
	int passed;    /* a connection that came with the last record, or -1 */
	char *payload; /* TALK_MAX octets */
	peer peer;
	bool relay; /* the client is in relay-nets */
	bool tls;
	login_try login;
	keep keep;
	arena mem;     /* of the transaction */
	arena scratch; /* of one record */
	envelope env;
	cmd_mail mail;
	size_t room;  /* recipients that env.rcpts has place for */
	status unfit; /* what MAIL was refused with (the talker refused it too, unless it lies) */
	str xforward;
} keeper;

static bool in_relay_nets(const keeper_config *c, const char *ip)
{
	for (size_t i = 0; i < c->relay_count; i++)
		if (net_match(c->relay_nets[i], ip))
			return true;
	return false;
}

static void end_transaction(keeper *k)
{
	keep_abort(&k->keep);
	k->env = (envelope){.xforward = S(""), .sender.addr.null = true};
	k->room = 0;
	k->unfit = status_make(EX_TEMPFAIL, 503, "5.5.1", "no MAIL");
	arena_reset(&k->mem);
}

/* No network at all (a pipe, a terminal) is this machine. */
static void set_peer(keeper *k, const peer *p, bool tls)
{
	k->peer = *p;
	k->tls = tls;
	if (k->config->limits.auth)
		login_try_begin(&k->login, &k->config->login, p, tls);
	k->relay = in_relay_nets(k->config, p->remote_ip[0] ? p->remote_ip : "127.0.0.1");
	if (k->config->chain)
		(void)peer_to_env(&k->peer);
}

/* The addresses come from the connection itself, not from the talker's words. */
static void new_connection(keeper *k)
{
	struct sockaddr_storage remote = {0}, local = {0};
	socklen_t remote_size = sizeof remote, local_size = sizeof local;
	end_transaction(k);
	login_try_end(&k->login);
	k->login.allowed = false;
	k->peer = (peer){.remote_port = 0};
	k->relay = k->tls = false;
	if (k->passed >= 0 &&
	    getpeername(k->passed, (struct sockaddr *)&remote, &remote_size) == 0 &&
	    getsockname(k->passed, (struct sockaddr *)&local, &local_size) == 0 &&
	    (remote.ss_family == AF_INET || remote.ss_family == AF_INET6)) {
		peer p;
		peer_from_socket(&p, (struct sockaddr *)&remote, (struct sockaddr *)&local);
		set_peer(k, &p, false);
	}
	if (k->passed >= 0)
		(void)close(k->passed);
	k->passed = -1;
}

static void log_client(const keeper *k, log_line *l)
{
	if (k->peer.remote_ip[0])
		log_puts(l, "ip", k->peer.remote_ip);
	if (k->login.yes)
		log_puts(l, "user", k->login.account.address);
}

static void log_event(const keeper *k, const char *event, const addr *rcpt, const status *st)
{
	log_line l;
	str text = str_new(1024);
	log_begin(&l, event);
	log_client(k, &l);
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

static void begin_transaction(keeper *k, span mail)
{
	end_transaction(k);
	mail = arena_dup(&k->mem, mail); /* the envelope's spans point into it */
	k->unfit = mail.p ? cmd_mail_args(mail, k->config->limits.max_size, &k->mem, &k->env.sender,
					  &k->mail)
			  : status_doubt("MAIL is too long");
	if (status_is_ok(&k->unfit))
		k->unfit = keep_room(&k->keep, k->mail.size);
}

static bool room_for_rcpt(keeper *k)
{
	if (k->env.rcpt_count < k->room)
		return true;
	size_t room = k->room ? 2 * k->room : 8;
	envelope_path *more = arena_alloc(&k->mem, room * sizeof *more);
	if (!more)
		return false;
	if (k->env.rcpt_count)
		memcpy(more, k->env.rcpts, k->env.rcpt_count * sizeof *more);
	k->env.rcpts = more;
	k->room = room;
	return true;
}

/* What the tables say. Answers are made whole: a refusal without a reply code gets one. */
static status resolve_rcpt(keeper *k, const addr *a)
{
	resolve_answer answer;
	resolve(k->resolver, a, k->mail.size, &k->scratch, &answer);
	if (answer.kind != RESOLVE_REFUSED && !answer.ours && !k->relay && !k->login.yes)
		return status_make(EX_NOPERM, 550, "5.7.1", "relaying is not allowed");
	if (answer.kind != RESOLVE_REFUSED)
		return status_make(EX_OK, 250, "2.1.5", "ok");
	if (status_is_ok(&answer.why))
		return status_doubt("the resolver gives no reason");
	if (answer.why.reply == 0)
		answer.why.reply = status_is_permanent(&answer.why) ? 550 : 451;
	return answer.why;
}

static bool known_rcpt(const keeper *k, const addr *a)
{
	for (size_t i = 0; i < k->env.rcpt_count; i++)
		if (addr_eq(&k->env.rcpts[i].addr, a))
			return true;
	return false;
}

static status judge_rcpt(keeper *k, span args, envelope_path *path)
{
	if (k->config->broken)
		return status_doubt("control files cannot be read");
	if (!status_is_ok(&k->unfit))
		return k->unfit;
	if (k->config->limits.submission && !k->login.yes)
		return status_make(EX_NOPERM, 530, "5.7.0", "log in first");
	if (k->env.rcpt_count >= k->config->limits.max_rcpts)
		return status_make(EX_TEMPFAIL, 452, "4.5.3", "too many recipients");
	args = arena_dup(&k->mem, args);
	if (!args.p || !room_for_rcpt(k))
		return status_make(EX_TEMPFAIL, 452, "4.5.3", "too many recipients");
	status st = cmd_rcpt_args(args, k->mail.utf8, &k->mem, path);
	if (status_is_ok(&st))
		st = resolve_rcpt(k, &path->addr);
	/* Named twice is delivered once. */
	if (status_is_ok(&st) && !known_rcpt(k, &path->addr))
		k->env.rcpts[k->env.rcpt_count++] = *path;
	return st;
}

/* The log hears file and line of an operator's mistake, the client does not. */
static bool answer(keeper *k, status st)
{
	smtp_verdict v = {.st = st, .normalize_lf = k->relay || k->login.yes};
	if (st.reply == 451)
		v.st = status_doubt("something is wrong here, try again later");
	return talk_send_verdict(k->fd, &v);
}

static bool on_rcpt(keeper *k, span payload)
{
	span mail, rcpt;
	envelope_path path = {.addr.null = true};
	if (!frame_field(&payload, &mail) || !frame_field(&payload, &rcpt))
		return false;
	if (mail.n)
		begin_transaction(k, mail);
	status st = judge_rcpt(k, rcpt, &path);
	if (!status_is_ok(&st))
		log_event(k, "refused", &path.addr, &st);
	return answer(k, st);
}

static void xforward_word(str *to, const char *key, span value)
{
	if (value.n == 0)
		return;
	if (to->n)
		(void)str_putc(to, ' ');
	(void)str_put(to, span_str(key));
	xtext_encode(value, to);
}

/* RFC 3848; RFC 6531, 4.3. Lives until the next transaction. */
static span protocol(keeper *k, bool esmtp)
{
	bool lmtp = k->config->limits.lmtp;
	str word = str_new(16);
	(void)str_put(&word, k->mail.utf8 ? S("UTF8") : esmtp && !lmtp ? S("E") : S(""));
	(void)str_put(&word, lmtp ? S("LMTP") : S("SMTP"));
	if (k->tls && (esmtp || lmtp))
		(void)str_putc(&word, 'S');
	if (k->login.yes)
		(void)str_putc(&word, 'A');
	span kept = arena_dup(&k->mem, str_span(&word));
	str_free(&word);
	return kept;
}

/* The head of M and B: what the client said of itself. */
static bool read_head(keeper *k, span *payload, trace *t)
{
	span hello, proto;
	if (!frame_field(payload, &hello) || !frame_field(payload, &proto))
		return false;
	*t = (trace){
	    .helo = hello,
	    .remote_host = span_str(k->peer.remote_host),
	    .remote_ip = span_str(k->peer.remote_ip),
	    .me = k->config->limits.me,
	    .proto = protocol(k, span_eq(proto, S("ESMTP"))),
	    .rcpt = k->env.rcpt_count == 1 ? &k->env.rcpts[0].addr : NULL,
	};
	str_clear(&k->xforward);
	xforward_word(&k->xforward, "ADDR=", t->remote_ip);
	xforward_word(&k->xforward, "HELO=", hello);
	xforward_word(&k->xforward, "PROTO=", t->proto);
	k->env.xforward = str_span(&k->xforward);
	return true;
}

static bool ready(const keeper *k)
{
	return !k->config->broken && status_is_ok(&k->unfit) && k->env.rcpt_count > 0;
}

static bool finish(keeper *k, status st)
{
	log_line l;
	str from = str_new(1024);
	if (status_is_ok(&st)) {
		log_begin(&l, "accepted");
		log_puts(&l, "id", k->keep.id);
		log_client(k, &l);
		addr_write(&k->env.sender.addr, &from);
		log_put(&l, "from", str_span(&from));
		str_clear(&from);
		addr_write(&k->env.rcpts[0].addr, &from);
		log_put(&l, "to", str_span(&from));
		log_putn(&l, "recipients", (int64_t)k->env.rcpt_count);
		log_putn(&l, "size", (int64_t)k->keep.size);
		log_puts(&l, "text", st.text);
		log_end(&l);
	} else {
		log_event(k, "refused", NULL, &st);
	}
	str_free(&from);
	end_transaction(k);
	return answer(k, st);
}

static bool on_message(keeper *k, span payload)
{
	trace t;
	if (!read_head(k, &payload, &t))
		return false;
	if (!ready(k))
		return finish(k, status_doubt("a message without recipients"));
	return finish(k, keep_message(&k->keep, &k->env, &t, payload));
}

static bool on_begin(keeper *k, span payload)
{
	trace t;
	if (!read_head(k, &payload, &t))
		return false;
	if (ready(k))
		keep_begin(&k->keep, &k->env, &t);
	return true;
}

static bool on_refusal(keeper *k, span payload)
{
	status why;
	if (!talk_status(payload, &why))
		return false;
	log_event(k, "refused", k->env.rcpt_count ? &k->env.rcpts[0].addr : NULL, &why);
	end_transaction(k);
	return true;
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
		return on_rcpt(k, payload);
	case 'M':
		return on_message(k, payload);
	case 'B':
		return on_begin(k, payload);
	case 'D':
		keep_put(&k->keep, payload);
		return true;
	case 'F':
		return finish(k, keep_commit(&k->keep));
	case 'X':
		return on_refusal(k, payload);
	case 'A':
		return on_login(k, payload);
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
	k->xforward = str_new(ENVELOPE_LINE_MAX - 64);
	keep_init(&k->keep, k->config);
	end_transaction(k);
}

static void close_keeper(keeper *k)
{
	end_transaction(k);
	login_try_end(&k->login);
	keep_free(&k->keep);
	str_free(&k->xforward);
	arena_free(&k->scratch);
	arena_free(&k->mem);
	free(k->payload);
	in_close(&k->from);
}

void keeper_run(const keeper_config *config, resolver *r, int fd, const peer *client, bool tls)
{
	keeper k = {.config = config, .resolver = r, .fd = fd, .passed = -1};
	char type;
	size_t n;
	open_keeper(&k);
	if (client)
		set_peer(&k, client, tls);
	while (frame_recv(&k.from, &type, k.payload, TALK_MAX, &n) == IN_OK) {
		if (!on_record(&k, type, span_of(k.payload, n)))
			break;
	}
	if (k.passed >= 0)
		(void)close(k.passed);
	close_keeper(&k);
}
