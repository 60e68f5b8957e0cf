#include "smtp/client.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "io/clock.h"
#include "smtp/wire.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

/* RFC 5321, 4.5.3.2, and what it leaves open: DNS, connecting, a QUIT that nobody waits for,
 * and a connection that is kept for more. */
static const client_times rfc_times = {
    .lookup = 30 * SECOND,
    .connect = 30 * SECOND,
    .greeting = 5 * MINUTE, /* 4.5.3.2.1 */
    .hello = 5 * MINUTE,
    .mail = 5 * MINUTE,	 /* 4.5.3.2.2 */
    .rcpt = 5 * MINUTE,	 /* 4.5.3.2.3 */
    .data = 2 * MINUTE,	 /* 4.5.3.2.4 */
    .block = 3 * MINUTE, /* 4.5.3.2.5 */
    .dot = 10 * MINUTE,	 /* 4.5.3.2.6 */
    .quit = 2 * SECOND,
    .rest = 5 * SECOND,
};

static int least(int a, int b)
{
	return b && b < a ? b : a;
}

client_times client_times_make(int most)
{
	client_times t = rfc_times;
	int *each[] = {&t.lookup, &t.connect, &t.greeting, &t.hello, &t.mail, &t.rcpt,
		       &t.data,	  &t.block,   &t.dot,	   &t.quit,  &t.rest};
	for (size_t i = 0; i < sizeof each / sizeof *each; i++)
		*each[i] = least(*each[i], most);
	return t;
}

void client_init(client *c, const client_times *times)
{
	*c = (client){.fd = -1, .scratch = -1, .times = *times, .commands = str_new(1 << 17)};
	reply_init(&c->reply);
	in_open(&c->in, -1, CLIENT_LINE);
	out_open(&c->out, -1, CLIENT_LINE);
	c->out.idle_ms = times->block;
}

void client_free(client *c)
{
	client_drop(c);
	in_close(&c->in);
	out_close(&c->out);
	reply_free(&c->reply);
	str_free(&c->commands);
}

bool client_up(const client *c)
{
	return c->fd >= 0;
}

static bool has_eight_bit(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 0x7f)
			return true;
	return false;
}

static bool has_word(span words, span word)
{
	for (span w; (w = span_word(&words)).n > 0;)
		if (span_eqi(w, word))
			return true;
	return false;
}

/* An address must not be able to end its command. */
static bool sendable(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.n <= CLIENT_ADDRESS_MAX;
}

/* The form of the message that this server takes. Lines that are too long alone are sent as they are where they
 * cannot be mended: many a server bears them. */
static status choose_form(client *c, outgoing **m)
{
	const stuff_facts *f = &(*m)->facts;
	status st = status_ok();
	c->seven = false;
	if (c->caps.eight_bit || f->bare_cr || !(f->eight_bit || f->long_line))
		return st;
	outgoing *seven = outgoing_seven(*m, c->scratch, &st);
	if (seven) {
		*m = seven;
		c->seven = true;
		return st;
	}
	return f->eight_bit ? st : status_ok();
}

/* What is known to fail before anything is sent. */
static status judge_message(const client *c, const outgoing *m, span sender, span params)
{
	if (m->facts.bare_cr)
		return status_make(EX_DATAERR, 554, "5.6.0",
				   "the message has a CR that ends no line");
	if (c->caps.size && c->caps.size_max && m->facts.wire > c->caps.size_max)
		return status_make(EX_UNAVAILABLE, 552, "5.3.4",
				   "%llu octets are more than the %llu that are taken",
				   (unsigned long long)m->facts.wire,
				   (unsigned long long)c->caps.size_max);
	if (!sendable(sender))
		return status_make(EX_DATAERR, 553, "5.1.7", "the sender's address cannot be sent");
	if (has_eight_bit(sender) && !c->caps.utf8)
		return status_make(EX_DATAERR, 553, "5.6.7", "the sender's address needs SMTPUTF8");
	if (m->header_eight && !c->caps.utf8 && has_word(params, S("SMTPUTF8"))) /* RFC 6531, 3.2 */
		return status_make(EX_DATAERR, 553, "5.6.7", "the header needs SMTPUTF8");
	return status_ok();
}

static status judge_rcpt(const client *c, span address)
{
	if (!sendable(address) || address.n == 0)
		return status_make(EX_DATAERR, 553, "5.1.3",
				   "the recipient's address cannot be sent");
	if (has_eight_bit(address) && !c->caps.utf8)
		return status_make(EX_DATAERR, 553, "5.6.7",
				   "the recipient's address needs SMTPUTF8");
	return status_ok();
}

static void mail_params(const client *c, const outgoing *m, span given, bool utf8, str *to)
{
	if (c->caps.size)
		(void)str_printf(to, " SIZE=%llu", (unsigned long long)m->facts.wire);
	if (m->facts.eight_bit)
		(void)str_put(to, S(" BODY=8BITMIME"));
	if (utf8)
		(void)str_put(to, S(" SMTPUTF8"));
	if (c->caps.dsn)
		txn_put_params(to, given, S("RET"), S("ENVID"), false);
}

/* A server that has enough may answer and close in the middle of the message: its words say more
 * than our EPIPE. Only a refusal counts; the message was not ended. */
static void content_failed(client *c, txn *t, int error)
{
	status why = status_make(EX_TEMPFAIL, 0, "4.4.2", "connection lost in the message: %s",
				 strerror(error));
	if (error == ESTALE)
		why = status_make(EX_TEMPFAIL, 0, "4.3.0", "the message changed or cannot be read");
	else if (client_read(c, least(SECOND, c->times.quit), "in the message", &why) &&
		 c->reply.code >= 400)
		why = reply_status(&c->reply);
	txn_lost(t, &why);
}

static const struct {
	const char *phase;
	size_t wait; /* offset in client_times */
} steps[] = {
    [TXN_RSET] = {"at RSET", offsetof(client_times, mail)},
    [TXN_MAIL] = {"at MAIL", offsetof(client_times, mail)},
    [TXN_RCPT] = {"at RCPT", offsetof(client_times, rcpt)},
    [TXN_DATA] = {"at DATA", offsetof(client_times, data)},
    [TXN_DOT] = {"after the message", offsetof(client_times, dot)},
    [TXN_DOT_ONLY] = {"after the message", offsetof(client_times, dot)},
};

static int step_wait(const client *c, enum txn_step step)
{
	int wait;
	memcpy(&wait, (const char *)&c->times + steps[step].wait, sizeof wait);
	return wait;
}

static void begin(const client *c, txn *t, const client_mail *m, outgoing *form, bool reset,
		  str *params)
{
	bool utf8 = has_eight_bit(m->sender) ||
		    (c->caps.utf8 && form->header_eight && has_word(m->params, S("SMTPUTF8")));
	for (size_t i = 0; i < m->count; i++)
		utf8 = utf8 || has_eight_bit(m->rcpts[i].address);
	mail_params(c, form, m->params, utf8, params);
	txn_begin(t, m->sender, str_span(params), m->rcpts, m->count, c->caps.pipelining, reset);
	t->dsn = c->caps.dsn;
	t->utf8 = utf8;
	t->lmtp = c->lmtp;
}

/* Whether the next message can be begun before the fate of this one is known: nothing about it needs thought. */
static bool plain_sailing(const client *c, const client_mail *m)
{
	const stuff_facts *f = &m->message->facts;
	status st = judge_message(c, m->message, m->sender, m->params);
	bool fits = c->caps.eight_bit || !(f->eight_bit || f->long_line);
	for (size_t i = 0; i < m->count && status_is_ok(&st); i++)
		st = judge_rcpt(c, m->rcpts[i].address);
	return fits && m->count && status_is_ok(&st);
}

/* A refusal of this message leaves the next one as it is, and no message at all ends with less than its dot: so what follows the dot
 * is read as commands by every server that knows where a message ends. */
static void begin_next(client *c)
{
	str params = str_new(512);
	if (!c->caps.pipelining || !c->next.rcpts || !plain_sailing(c, &c->next))
		return;
	begin(c, &c->ahead, &c->next, c->next.message, false, &params);
	str_clear(&c->commands);
	txn_commands(&c->ahead, &c->commands); /* MAIL is in it: the parameters may go */
	c->ahead.params = S("");
	out_put(&c->out, str_span(&c->commands));
	c->ahead_begun = true;
	str_free(&params);
}

/* An octet a millisecond is the slowest that is borne: a server that takes one in a while, each in time,
 * must not keep us for ever. */
static void write_content(client *c, txn *t, outgoing *m)
{
	c->out.deadline = clock_ms() + c->times.block + (int64_t)m->facts.wire;
	bool whole = outgoing_write(m, &c->out);
	if (whole)
		begin_next(c);
	if (whole && out_flush(&c->out))
		txn_content_sent(t);
	else
		content_failed(c, t, errno);
	c->out.deadline = 0;
}

/* One round: write what can be written, read one reply. */
static void advance(client *c, txn *t, outgoing *m, bool *unsure)
{
	status why;
	const char *phase = steps[t->step].phase;
	str_clear(&c->commands);
	txn_commands(t, &c->commands);
	if (c->commands.n && !client_write(c, str_span(&c->commands), phase, &why)) {
		txn_lost(t, &why);
		return;
	}
	if (!client_read(c, step_wait(c, t->step), phase, &why)) {
		*unsure = *unsure || t->step == TXN_DOT;
		txn_lost(t, &why);
		return;
	}
	txn_reply(t, &c->reply);
	if (t->step == TXN_DOT_ONLY && phase == steps[TXN_DATA].phase) {
		if (!client_write(c, S(".\r\n"), "in the message", &why))
			txn_lost(t, &why);
	} else if (t->step == TXN_CONTENT) {
		write_content(c, t, m);
	}
}

static void finish(client *c, txn *t, outgoing *form, bool *unsure)
{
	while (t->step != TXN_OVER)
		advance(c, t, form, unsure);
	c->open = t->open;
	c->messages++;
	if (t->gone)
		client_drop(c);
}

static void transact(client *c, const client_mail *m, outgoing *form, bool *unsure)
{
	txn t;
	str params = str_new(512);
	begin(c, &t, m, form, c->open, &params);
	finish(c, &t, form, unsure);
	str_free(&params);
}

/* The transaction that was begun behind the message before this one. False where there is none. */
static bool go_on(client *c, const client_mail *m, bool *unsure)
{
	if (!c->ahead_begun)
		return false;
	if (c->ahead.rcpts != m->rcpts || c->ahead.count != m->count) {
		client_drop(c); /* somebody else's: nothing else can be said on this connection */
		return false;
	}
	txn t = c->ahead;
	c->ahead_begun = false;
	c->seven = false;
	finish(c, &t, m->message, unsure);
	return true;
}

/* Rare: not all can be sent; those that can, a transaction each. */
static void send_each(client *c, const client_mail *m, outgoing *form, bool *unsure)
{
	for (size_t i = 0; i < m->count; i++) {
		bool one_unsure = false;
		client_mail one = *m;
		one.rcpts = &m->rcpts[i];
		one.count = 1;
		if (one.rcpts->done)
			continue;
		if (client_up(c)) {
			transact(c, &one, form, &one_unsure);
		} else {
			one.rcpts->st = status_make(EX_TEMPFAIL, 0, "4.4.2", "connection lost");
			one.rcpts->done = one.rcpts->again = true;
		}
		*unsure = *unsure || one_unsure;
	}
}

static void send_new(client *c, const client_mail *m, bool *unsure)
{
	outgoing *form = m->message;
	status st = choose_form(c, &form);
	if (status_is_ok(&st))
		st = judge_message(c, form, m->sender, m->params);
	size_t fit = 0;
	for (size_t i = 0; i < m->count; i++) {
		txn_rcpt *to = &m->rcpts[i];
		status one = status_is_ok(&st) ? judge_rcpt(c, to->address) : st;
		to->accepted = to->again = false;
		to->done = !status_is_ok(&one);
		if (to->done)
			to->st = one;
		else
			fit++;
	}
	if (fit == m->count)
		transact(c, m, form, unsure);
	else
		send_each(c, m, form, unsure);
}

void client_send(client *c, const client_mail *m, const client_mail *next, bool *unsure)
{
	*unsure = false;
	c->next = next ? *next : (client_mail){.rcpts = NULL};
	if (!go_on(c, m, unsure))
		send_new(c, m, unsure);
	c->next.rcpts = NULL;
}

void client_quit(client *c)
{
	status why;
	if (!client_up(c))
		return;
	if (c->ahead_begun) { /* replies are on their way to what nobody wants any more */
		client_drop(c);
		return;
	}
	c->out.idle_ms = c->times.quit;
	if (client_write(c, S("QUIT\r\n"), "at QUIT", &why))
		(void)client_read(c, c->times.quit, "at QUIT", &why);
	c->out.idle_ms = c->times.block;
	client_drop(c);
}
