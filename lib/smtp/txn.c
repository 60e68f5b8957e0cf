#include "smtp/txn.h"

static size_t data_number(const txn *t)
{
	return t->count + 2;
}

static bool any_accepted(const txn *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->rcpts[i].accepted && !t->rcpts[i].done)
			return true;
	return false;
}

/* The outcome of every recipient that has none yet. */
static void settle(txn *t, const status *st)
{
	for (size_t i = 0; i < t->count; i++)
		if (!t->rcpts[i].done) {
			t->rcpts[i].st = *st;
			t->rcpts[i].done = true;
		}
}

static void over(txn *t, const status *st)
{
	settle(t, st);
	t->step = TXN_OVER;
}

/* The step after command number `answered` is known; without PIPELINING this also decides that the
 * rest is not sent at all. */
static void await_next(txn *t)
{
	size_t next = t->answered;
	bool all_answered = t->sent == t->answered;
	if (all_answered && next > 1 && t->mail_refused) {
		over(t, &t->refusal);
	} else if (all_answered && next == data_number(t) && !any_accepted(t)) {
		t->step = TXN_OVER; /* each has its refusal */
	} else {
		t->step = next == 0		  ? TXN_RSET
			  : next == 1		  ? TXN_MAIL
			  : next < data_number(t) ? TXN_RCPT
						  : TXN_DATA;
	}
}

void txn_begin(txn *t, span sender, span params, txn_rcpt *rcpts, size_t count, bool pipelining,
	       bool reset)
{
	*t = (txn){.sender = sender,
		   .params = params,
		   .rcpts = rcpts,
		   .count = count,
		   .pipelining = pipelining,
		   .reset = reset,
		   .open = reset};
	t->sent = t->answered = reset ? 0 : 1;
	await_next(t);
}

static bool ascii(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] > 0x7e)
			return false;
	return true;
}

void txn_put_params(str *to, span given, span one, span other, bool utf8)
{
	for (span word; (word = span_word(&given)).n > 0;) {
		span rest = word, key = span_cut(&rest, '=');
		if ((!span_eqi(key, one) && !span_eqi(key, other)) || !(utf8 || ascii(word)))
			continue;
		(void)str_putc(to, ' ');
		(void)str_put(to, word);
	}
}

static void put_command(const txn *t, size_t number, str *to)
{
	if (number == 0) {
		(void)str_put(to, S("RSET\r\n"));
	} else if (number == 1) {
		(void)str_put(to, S("MAIL FROM:<"));
		(void)str_put(to, t->sender);
		(void)str_putc(to, '>');
		(void)str_put(to, t->params);
		(void)str_put(to, S("\r\n"));
	} else if (number < data_number(t)) {
		(void)str_put(to, S("RCPT TO:<"));
		(void)str_put(to, t->rcpts[number - 2].address);
		(void)str_putc(to, '>');
		if (t->dsn)
			txn_put_params(to, t->rcpts[number - 2].params, S("NOTIFY"), S("ORCPT"),
				       t->utf8);
		(void)str_put(to, S("\r\n"));
	} else {
		(void)str_put(to, S("DATA\r\n"));
	}
}

void txn_commands(txn *t, str *to)
{
	size_t end = t->sent + (t->pipelining ? TXN_GROUP : 1);
	if (t->sent != t->answered || t->step > TXN_DATA)
		return;
	if (end > data_number(t) + 1)
		end = data_number(t) + 1;
	for (; t->sent < end; t->sent++)
		put_command(t, t->sent, to);
}

static void connection_gone(txn *t, const status *st, bool again)
{
	for (size_t i = 0; i < t->count; i++)
		t->rcpts[i].again = t->rcpts[i].again || (!t->rcpts[i].done && again);
	t->gone = true;
	over(t, st);
}

/* Too many recipients for one transaction, after some were taken (RFC 5321, 4.5.3.1.10). */
static bool too_many(const txn *t, const reply *r, const status *st)
{
	bool about_count = !st->enhanced[0] || span_eq(span_str(st->enhanced + 1), S(".5.3"));
	return (r->code == 452 || r->code == 552) && about_count && any_accepted(t);
}

/* RFC 5321, 4.5.3.1.10: 552 to RCPT was once used for "too many recipients". With an enhanced code
 * it means what that says. 503 says that the two sides disagree about the state: no fault of the
 * recipient. */
static status judge(const reply *r, enum txn_step step)
{
	status st = reply_status(r);
	/* 530, 534, 535, 538 (RFC 4954, 6): a login or TLS is missing, which is the operator's to mend. */
	if ((r->code == 552 && step == TXN_RCPT && (!st.enhanced[0] || st.enhanced[2] == '5')) ||
	    r->code == 503 || r->code == 530 || r->code == 534 || r->code == 535 || r->code == 538)
		st.code = EX_TEMPFAIL;
	return st;
}

static void reply_to_rcpt(txn *t, const reply *r)
{
	txn_rcpt *to = &t->rcpts[t->answered - 2];
	if (t->mail_refused) {
		to->st = t->refusal;
		to->done = true;
	} else if (r->code / 100 == 2) {
		to->accepted = true;
	} else {
		to->st = judge(r, TXN_RCPT);
		to->done = true;
		to->again = too_many(t, r, &to->st);
	}
}

static void reply_to_data(txn *t, const reply *r)
{
	status st = judge(r, TXN_DATA);
	if (r->code == 354 && t->lmtp && !any_accepted(t)) {
		/* no reply would come to the end of an empty message */
		t->gone = true;
		t->step = TXN_OVER;
	} else if (r->code == 354) {
		t->step = any_accepted(t) ? TXN_CONTENT : TXN_DOT_ONLY;
	} else if (r->code / 100 >= 4) {
		over(t, &st);
	} else {
		st = status_make(EX_TEMPFAIL, 451, "4.5.0",
				 "the reply to DATA makes no sense: %d %s", r->code, st.text);
		connection_gone(t, &st, true);
	}
}

static void reply_to_dot(txn *t, const reply *r)
{
	status st = judge(r, TXN_DOT);
	t->open = false;
	for (size_t i = 0; t->lmtp && i < t->count; i++)
		if (t->rcpts[i].accepted && !t->rcpts[i].done) {
			t->rcpts[i].st = st;
			t->rcpts[i].done = true;
			break;
		}
	if (!t->lmtp || !any_accepted(t))
		over(t, &st);
}

void txn_reply(txn *t, const reply *r)
{
	status st = reply_status(r);
	if (t->step == TXN_CONTENT || t->step == TXN_OVER)
		return;
	if (r->code == 421) {
		/* RFC 5321, 3.8: it closes the connection, whatever it was an answer to */
		connection_gone(t, &st, st.code == EX_TEMPFAIL && !(t->lmtp && t->step == TXN_DOT));
		return;
	}
	switch (t->step) {
	case TXN_DOT_ONLY:
	case TXN_DOT:
		reply_to_dot(t, r);
		return;
	case TXN_DATA:
		reply_to_data(t, r);
		return;
	case TXN_RSET:
		t->open = false;
		break;
	case TXN_MAIL:
		t->mail_refused = r->code / 100 != 2;
		t->open = !t->mail_refused;
		t->refusal = judge(r, TXN_MAIL);
		break;
	default:
		reply_to_rcpt(t, r);
	}
	t->answered++;
	await_next(t);
}

void txn_content_sent(txn *t)
{
	t->step = TXN_DOT;
}

void txn_lost(txn *t, const status *why)
{
	connection_gone(t, why, t->step != TXN_DOT);
}
