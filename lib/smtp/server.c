#include "smtp/server.h"

#include <string.h>

#include "io/clock.h"
#include "mail/date.h"
#include "smtp/answer.h"
#include "smtp/auth.h"
#include "smtp/cmd.h"
#include "smtp/gate.h"
#include "smtp/qualify.h"
#include "smtp/session.h"
#include "smtp/xclient.h"

enum { TRANSACTION_MAX = 65536 };

void session_hang_up(smtp_session *s, const char *enhanced, span text)
{
	answer_put(s->out, 421, enhanced, text);
	s->over = s->hung_up = true;
}

void session_reply(smtp_session *s, int code, const char *enhanced, span text)
{
	if (code >= 500)
		gate_error(s);
	answer_put(s->out, code, enhanced, text);
	if (code >= 500 && ++s->errors >= s->limits->max_errors && !s->over)
		session_hang_up(s, "4.7.0", S("too many errors"));
}

void session_status(smtp_session *s, const status *st)
{
	if (st->reply >= 500)
		session_reply(s, st->reply, st->enhanced, span_str(st->text));
	else
		answer_status(s->out, st);
}

void session_keeper_gone(smtp_session *s)
{
	session_hang_up(s, "4.3.0", S("something is broken here, try again later"));
}

void session_lost(smtp_session *s, enum in_result r)
{
	s->over = true;
	if (s->stop &&
	    *s->stop) /* the end of the input may be our own doing, in the middle of a message too */
		session_hang_up(s, "4.3.2", S("going down"));
	else if (r == IN_TIMEOUT)
		session_hang_up(s, "4.4.2", S("nothing heard for too long"));
}

void session_reset(smtp_session *s)
{
	if (s->state == AT_CHUNK)
		session_forget_chunks(s);
	if (s->state & (AT_MAIL | AT_RCPT | AT_CHUNK))
		s->state = AT_HELLO;
	s->rcpts = 0;
	s->mail = S("");
	s->mail_sent = s->rcpt_tried = s->normalize_lf = s->utf8 = false;
	arena_reset(&s->mem);
}

static bool hello(smtp_session *s, span args, bool esmtp)
{
	if (!cmd_hello_valid(args)) {
		session_reply(s, 501, "5.5.4", S("say your name"));
		return false;
	}
	if (!gate_stage(s, STAGE_HELO, args))
		return false;
	memcpy(s->hello_text, args.p, args.n);
	s->hello = span_of(s->hello_text, args.n);
	s->esmtp = esmtp;
	session_reset(s);
	s->state = AT_HELLO;
	return true;
}

static void do_helo(smtp_session *s, span args)
{
	if (s->limits->lmtp) /* RFC 2033, 4.1 */
		session_reply(s, 500, "5.5.1", S("this is LMTP: LHLO"));
	else if (hello(s, args, false))
		answer_put(s->out, 250, NULL, s->limits->me);
}

static void greet(smtp_session *s, span args)
{
	const smtp_limits *l = s->limits;
	str text = str_new(1024);
	(void)str_put(&text, s->limits->me);
	(void)str_printf(&text,
			 "\nPIPELINING\nSIZE %llu\n8BITMIME\nENHANCEDSTATUSCODES\nCHUNKING\n"
			 "SMTPUTF8\nDSN\nLIMITS RCPTMAX=%llu MAILMAX=%llu\nHELP",
			 (unsigned long long)l->max_size, (unsigned long long)l->max_rcpts,
			 (unsigned long long)l->max_mails);
	if (s->limits->submission && s->limits->hold_max) {
		char until[DATE_ROOM];
		date_stamp_write(clock_now() + (int64_t)s->limits->hold_max, until);
		(void)str_printf(&text, "\nFUTURERELEASE %llu %s",
				 (unsigned long long)s->limits->hold_max, until);
	}
	if (s->tls == LOGIN_TLS_OFFERED)
		(void)str_put(&text, S("\nSTARTTLS"));
	xclient_keywords(s, &text);
	if (auth_offered(s))
		auth_keyword(s, &text);
	if (hello(s, args, true))
		answer_put(s->out, 250, NULL, str_span(&text));
	str_free(&text);
}

static void do_ehlo(smtp_session *s, span args)
{
	if (s->limits->lmtp)
		session_reply(s, 500, "5.5.1", S("this is LMTP: LHLO"));
	else
		greet(s, args);
}

static void do_lhlo(smtp_session *s, span args)
{
	if (s->limits->lmtp)
		greet(s, args);
	else
		session_reply(s, 500, "5.5.2", S("command not known"));
}

/* Mail of a user's program (RFC 6409). */
static span qualified(const smtp_session *s, span args, arena *mem)
{
	return s->logged_in ? qualify(args, s->limits->home, mem) : args;
}

static bool holds(const smtp_session *s)
{
	return s->logged_in && s->limits->hold_max;
}

/* RFC 9422, 4.1: a client that counts has left before; who does not comes back with the rest. */
static void do_mail(smtp_session *s, span args)
{
	if (s->limits->submission && !s->logged_in) {
		session_reply(s, 530, "5.7.0", S("log in first"));
		return;
	}
	if (s->mails >= s->limits->max_mails) {
		session_hang_up(s, "4.5.3", S("too many messages in one session"));
		return;
	}
	envelope_path path;
	cmd_mail asked;
	arena scratch = arena_new(TRANSACTION_MAX);
	args = qualified(s, args, &scratch);
	status st = cmd_mail_args(args, s->limits->max_size, &scratch, &path, &asked);
	if (status_is_ok(&st) && ((asked.auth && !s->limits->auth) || (asked.hold && !holds(s))))
		st = status_make(EX_DATAERR, 555, "5.5.4", "parameter not known");
	if (!status_is_ok(&st)) {
		session_status(s, &st);
		arena_free(&scratch);
		return;
	}
	session_reset(s);
	s->mail = arena_dup(&s->mem, args);
	arena_free(&scratch);
	s->utf8 = asked.utf8;
	if (!gate_stage(s, STAGE_MAIL, s->mail)) {
		s->mail_sent = false;
		return;
	}
	s->mails++;
	s->state = AT_MAIL;
	answer_put(s->out, 250, "2.1.0", S("ok"));
}

/* 4.5.3.1.10: "too many recipients" is 452, so that the client sends the rest in another
 * transaction. */
static void do_rcpt(smtp_session *s, span args)
{
	envelope_path path;
	smtp_verdict v = {.normalize_lf = false};
	if (s->rcpts >= s->limits->max_rcpts) {
		answer_put(s->out, 452, "4.5.3", S("too many recipients"));
		return;
	}
	s->rcpt_tried = true;
	arena scratch = arena_new(TRANSACTION_MAX);
	args = qualified(s, args, &scratch);
	v.st = cmd_rcpt_args(args, s->utf8, &scratch, &path);
	if (status_is_ok(&v.st)) {
		if (!s->keeper->rcpt(s->keeper->arg, s->mail_sent ? S("") : s->mail, args, &v)) {
			session_keeper_gone(s);
			arena_free(&scratch);
			return;
		}
		s->mail_sent = true;
		s->normalize_lf = v.normalize_lf;
		if (status_is_ok(&v.st)) {
			s->state = AT_RCPT;
			s->rcpts++;
		}
	}
	arena_free(&scratch);
	session_status(s, &v.st);
}

static void do_data(smtp_session *s, span args)
{
	if (args.n) {
		session_reply(s, 501, "5.5.4", S("DATA takes no argument"));
		return;
	}
	answer_put(s->out, 354, NULL, S("end data with <CR><LF>.<CR><LF>"));
	session_receive(s);
	session_reset(s);
}

/* A DATA or BDAT that comes too early, or whose recipients were all refused. RFC 2033, 4.2 wants 503 for both. */
static void out_of_order(smtp_session *s)
{
	if (s->rcpt_tried && !s->limits->lmtp && s->state == AT_MAIL)
		session_reply(s, 554, "5.5.1", S("no valid recipients"));
	else
		session_reply(s, 503, "5.5.1", S("commands in another order, please"));
}

/* RFC 3030, 2: the octets of a chunk follow whatever the answer is. Where nobody knows how many they are they must
 * not be read as commands: that ends the session. */
static void do_bdat(smtp_session *s, span args)
{
	uint64_t octets;
	bool last;
	if (!cmd_bdat_args(args, &octets, &last)) {
		session_reply(s, 501, "5.5.4", S("BDAT takes a size, and LAST"));
		s->over = s->hung_up = true;
	} else if (s->state & (AT_RCPT | AT_CHUNK)) {
		session_chunk(s, octets, last);
	} else if (session_drop_chunk(s, octets)) {
		out_of_order(s);
	}
}

static void do_rset(smtp_session *s, span args)
{
	if (args.n) {
		session_reply(s, 501, "5.5.4", S("RSET takes no argument"));
		return;
	}
	session_reset(s);
	answer_put(s->out, 250, "2.0.0", S("ok"));
}

static void do_noop(smtp_session *s, span args)
{
	(void)args;
	answer_put(s->out, 250, "2.0.0", S("ok"));
}

/* 7.3: a list of users is nothing to give away. */
static void do_vrfy(smtp_session *s, span args)
{
	status st = cmd_vrfy_args(args);
	if (!status_is_ok(&st))
		session_status(s, &st);
	else
		answer_put(s->out, 252, "2.5.0", S("send some mail, I will try"));
}

static void do_help(smtp_session *s, span args)
{
	(void)args;
	answer_put(s->out, 214, "2.0.0",
		   S("HELO EHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY EXPN HELP "
		     "QUIT\nas in RFC 5321"));
}

/* RFC 3207, 4.2. What was pipelined behind it came in the clear, and must not count as if it were protected
 * (CVE-2011-0411, CVE-2021-33515). */
static void do_starttls(smtp_session *s, span args)
{
	if (args.n) {
		session_reply(s, 501, "5.5.4", S("STARTTLS takes no argument"));
	} else if (s->tls != LOGIN_TLS_OFFERED) {
		session_reply(s, s->tls == LOGIN_TLS_ACTIVE ? 503 : 502, "5.5.1",
			      s->tls == LOGIN_TLS_ACTIVE ? S("TLS is there already")
							 : S("no TLS here"));
	} else if (in_buffered(s->in)) {
		session_reply(s, 554, "5.5.1", S("nothing may follow STARTTLS"));
		s->over = s->hung_up = true;
	} else {
		session_reset(s);
		answer_put(s->out, 220, "2.0.0", S("begin TLS"));
		if (!out_flush(s->out) || !s->keeper->tls(s->keeper->arg)) {
			s->over = true;
			return;
		}
		s->state = AT_START;
		s->hello = S("");
		s->esmtp = s->logged_in = false;
		s->login_allowed = true;
		s->tls = LOGIN_TLS_ACTIVE;
	}
}

static void do_quit(smtp_session *s, span args)
{
	if (args.n) {
		session_reply(s, 501, "5.5.4", S("QUIT takes no argument"));
		return;
	}
	answer_put(s->out, 221, "2.0.0", S("bye"));
	s->over = true;
}

static void do_unknown(smtp_session *s, span args)
{
	(void)args;
	session_reply(s, 500, "5.5.2", S("command not known"));
}

static void do_octets(smtp_session *s, span args)
{
	(void)args;
	session_reply(s, 500, "5.5.2", S("control octet in a command"));
}

/* A page in a browser can make it post to port 25; no mail client starts like that. */
static void do_http(smtp_session *s, span args)
{
	(void)args;
	session_hang_up(s, "4.7.0", S("this is SMTP"));
}

static const struct {
	void (*function)(smtp_session *, span args);
	unsigned states;
} table[] = {
    [CMD_HELO] = {do_helo, AT_ANY},
    [CMD_EHLO] = {do_ehlo, AT_ANY},
    [CMD_MAIL] = {do_mail, AT_HELLO},
    [CMD_RCPT] = {do_rcpt, AT_MAIL | AT_RCPT},
    [CMD_LHLO] = {do_lhlo, AT_ANY},
    [CMD_BDAT] = {do_bdat, AT_ANY},
    [CMD_DATA] = {do_data, AT_RCPT},
    [CMD_RSET] = {do_rset, AT_ANY},
    [CMD_NOOP] = {do_noop, AT_ANY},
    [CMD_VRFY] = {do_vrfy, AT_ANY},
    [CMD_HELP] = {do_help, AT_ANY},
    [CMD_QUIT] = {do_quit, AT_ANY},
    [CMD_UNKNOWN] = {do_unknown, AT_ANY},
    [CMD_HTTP] = {do_http, AT_ANY},
    [CMD_OCTETS] = {do_octets, AT_ANY},
    [CMD_AUTH] = {auth_command, AT_HELLO},
    [CMD_STARTTLS] = {do_starttls, AT_ANY},
    [CMD_XCLIENT] = {xclient_command, AT_START | AT_HELLO},
    [CMD_XFORWARD] = {xforward_command, AT_HELLO},
};

static void dispatch(smtp_session *s, const cmd *c)
{
	if (table[c->verb].states & s->state)
		table[c->verb].function(s, c->args);
	else if (c->verb == CMD_DATA)
		out_of_order(s);
	else
		session_reply(s, 503, "5.5.1", S("commands in another order, please"));
}

/* The next line. What is longer than a line may be is read and dropped, piece by piece. */
static enum in_result read_line(smtp_session *s, span *line)
{
	enum in_result r = in_line(s->in, CMD_LINE_MAX, line), rest = r;
	while (rest == IN_LONG)
		rest = in_line(s->in, CMD_LINE_MAX, line);
	if (rest != IN_OK)
		return rest;
	if (line->p[line->n - 1] != '\n') /* the connection ended inside a command */
		return IN_EOF;
	return r;
}

enum in_result session_line(smtp_session *s, span *line)
{
	s->in->deadline = gate_deadline(s);
	if (s->waiting)
		*s->waiting = 1;
	enum in_result r = s->stop && *s->stop ? IN_EOF : read_line(s, line);
	if (s->waiting)
		*s->waiting = 0;
	return r;
}

static void one_command(smtp_session *s)
{
	span line;
	enum in_result r = session_line(s, &line);
	if (r == IN_LONG) {
		session_reply(s, 500, "5.5.2", S("command line too long"));
	} else if (r != IN_OK) {
		session_lost(s, r);
	} else {
		cmd c = cmd_parse(line);
		dispatch(s, &c);
	}
}

static void flush(void *arg)
{
	smtp_session *s = arg;
	if (!out_flush(s->out))
		s->over = true;
}

void session_greet(smtp_session *s)
{
	str greeting = str_new(512);
	(void)str_put(&greeting, s->limits->me);
	(void)str_put(&greeting, s->limits->lmtp ? S(" LMTP") : S(" ESMTP"));
	answer_put(s->out, 220, NULL, str_span(&greeting));
	str_free(&greeting);
}

void smtp_serve(smtp_session *s)
{
	s->state = AT_START;
	s->mem = arena_new(TRANSACTION_MAX);
	s->in->before_wait = flush;
	s->in->before_wait_arg = s;
	s->in->idle_ms = 0;
	s->out->idle_ms = s->limits->idle_ms;
	if (s->limits->session_ms)
		s->end = clock_ms() + s->limits->session_ms;
	if (gate_connect(s))
		session_greet(s);
	while (!s->over)
		one_command(s);
	(void)out_flush(s->out);
	if (s->state == AT_CHUNK)
		session_forget_chunks(s);
	arena_free(&s->mem);
	free(s->message);
	s->message = NULL;
	free(s->receipt);
	s->receipt = NULL;
}
