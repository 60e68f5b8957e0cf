/* A message, from the first octet to the answer. */
#include "mail/header.h"
#include "run/keeper_state.h"
#include "run/talk.h"

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
	    .tls = k->tls ? span_str(k->cipher) : S(""),
	    .rcpt = k->env.rcpt_count == 1 ? &k->env.rcpts[0].addr : NULL,
	};
	str_clear(&k->xforward);
	xforward_word(&k->xforward, "ADDR=", t->remote_ip);
	xforward_word(&k->xforward, "HELO=", hello);
	xforward_word(&k->xforward, "PROTO=", t->proto);
	k->env.xforward = str_span(k->forward.n ? &k->forward : &k->xforward);
	if (k->login.yes && k->config->hide_client)
		t->helo = t->remote_host = t->remote_ip = S("");
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
		keeper_log_client(k, &l);
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
		keeper_log(k, "refused", NULL, &st);
	}
	str_free(&from);
	keeper_end_transaction(k);
	return keeper_answer(k, st);
}

/* The message of a user (RFC 6409, 8): all of its header is in `octets`. */
static void put_submitted(keeper *k, span octets, bool all)
{
	span header = span_sub(octets, 0, header_size(octets));
	str head = str_new(header.n + SUBMITTER_MORE);
	k->head_due = false;
	if (!all && header.n == octets.n)
		k->refusal = status_make(EX_DATAERR, 552, "5.3.4", "the header is too large");
	else
		k->refusal = submitter_authors(k->submitter, &k->login.account, header);
	if (status_is_ok(&k->refusal))
		k->refusal =
		    submitter_rate(&k->login.account, k->env.rcpt_count, k->config->user_rate);
	size_t used =
	    submitter_header(octets, &k->env.sender.addr, &k->trace, k->config->limits.home, &head);
	if (head.over)
		k->refusal = status_make(EX_DATAERR, 552, "5.3.4", "the header is too large");
	keep_put(&k->keep, str_span(&head));
	keep_put(&k->keep, span_sub(octets, used, octets.n));
	k->keep.size = octets.n; /* ours does not count */
	str_free(&head);
}

static void begin_submitted(keeper *k, trace *t)
{
	keep_begin(&k->keep, &k->env, t);
	k->trace = *t;
	k->trace.rcpt = NULL;
	k->refusal = status_ok();
	k->head_due = true;
}

bool keeper_commit(keeper *k)
{
	if (status_is_ok(&k->refusal))
		return finish(k, keep_commit(&k->keep));
	status why = k->refusal;
	keep_abort(&k->keep);
	return finish(k, why);
}

void keeper_data(keeper *k, span octets)
{
	if (k->head_due)
		put_submitted(k, octets, false);
	else
		keep_put(&k->keep, octets);
}

bool keeper_message(keeper *k, span payload)
{
	trace t;
	if (!read_head(k, &payload, &t))
		return false;
	if (!ready(k))
		return finish(k, status_doubt("a message without recipients"));
	if (!k->login.yes)
		return finish(k, keep_message(&k->keep, &k->env, &t, payload));
	begin_submitted(k, &t);
	put_submitted(k, payload, true);
	return keeper_commit(k);
}

bool keeper_begin(keeper *k, span payload)
{
	trace t;
	if (!read_head(k, &payload, &t))
		return false;
	if (ready(k) && k->login.yes)
		begin_submitted(k, &t);
	else if (ready(k))
		keep_begin(&k->keep, &k->env, &t);
	return true;
}

bool keeper_refusal(keeper *k, span payload)
{
	status why;
	if (!talk_status(payload, &why))
		return false;
	keeper_log(k, "refused", k->env.rcpt_count ? &k->env.rcpts[0].addr : NULL, &why);
	keeper_end_transaction(k);
	return true;
}
