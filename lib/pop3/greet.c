#include "pop3/greet.h"

#include "io/clock.h"
#include "pop3/cmd.h"
#include "pop3/line.h"

enum { ERRORS_MAX = 20, USER_MAX = 320 };

typedef struct greet {
	login_talk *t;
	str user; /* of USER, until PASS */
	unsigned errors;
	bool over, yes;
} greet;

void pop3_capabilities(out *to, bool login, bool scram, bool stls)
{
	out_puts(to, "+OK\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n"
		     "EXPIRE NEVER\r\nLOGIN-DELAY 0\r\nUTF8 USER\r\n");
	if (login) {
		out_puts(to, "USER\r\nSASL PLAIN");
		out_puts(to, scram ? " SCRAM-SHA-256\r\n" : "\r\n");
	}
	if (stls)
		out_puts(to, "STLS\r\n");
	out_puts(to, "IMPLEMENTATION pabal\r\n.\r\n");
}

static void say(greet *g, const char *text)
{
	out_puts(g->t->out, text);
	out_puts(g->t->out, "\r\n");
}

static void hang_up(greet *g, const char *text)
{
	say(g, text);
	g->over = g->t->hung_up = true;
}

static void error(greet *g, const char *text)
{
	if (++g->errors >= ERRORS_MAX)
		hang_up(g, "-ERR too many errors");
	else
		say(g, text);
}

/* RFC 3206: [AUTH] is about the credentials, [SYS/TEMP] about us. */
static void refuse(greet *g, const char *code, const char *text)
{
	out_puts(g->t->out, "-ERR ");
	out_puts(g->t->out, code);
	say(g, text);
	if (++g->errors >= ERRORS_MAX)
		g->over = g->t->hung_up = true;
}

/* What the session will say +OK to, the talker says nothing to. */
static void judge(greet *g, enum login_answer a)
{
	switch (a) {
	case LOGIN_YES:
		g->yes = g->over = true;
		return;
	case LOGIN_WRONG:
		refuse(g, "[AUTH] ", g->t->text);
		return;
	case LOGIN_BAD:
		refuse(g, "", g->t->text);
		return;
	case LOGIN_GONE:
		hang_up(g, "-ERR [SYS/TEMP] enough for one connection");
		return;
	default:
		refuse(g, "[SYS/TEMP] ", g->t->text);
		return;
	}
}

static void not_here(greet *g)
{
	error(g, "-ERR [AUTH] a login needs TLS here");
}

static void do_user(greet *g, const pop3_cmd *c)
{
	str_clear(&g->user);
	if (!g->t->allowed)
		not_here(g);
	else if (c->args.n == 0 || !str_put(&g->user, c->args))
		error(g, "-ERR USER name");
	else
		say(g, "+OK");
}

/* RFC 1939, 7: all of the rest of the line is the password, blanks too. */
static void do_pass(greet *g, const pop3_cmd *c)
{
	if (!g->t->allowed)
		not_here(g);
	else if (!g->user.n)
		error(g, "-ERR USER first");
	else if (c->args.n == 0)
		error(g, "-ERR PASS password");
	else
		judge(g, login_password(g->t, str_span(&g->user), c->args));
	str_clear(&g->user);
}

/* Until the mechanism has decided. */
static void converse(greet *g, enum login_answer a, str *challenge)
{
	span line;
	while (a == LOGIN_MORE) {
		out_puts(g->t->out, "+ ");
		out_put(g->t->out, str_span(challenge));
		out_puts(g->t->out, "\r\n");
		str_clear(challenge);
		enum pop3_read r = pop3_read_line(g->t->in, g->t->stop, g->t->waiting, &line);
		if (r == POP3_LONG) {
			line = S("*");
		} else if (r != POP3_LINE) {
			if (r == POP3_STOP)
				hang_up(g, "-ERR [SYS/TEMP] going down");
			g->over = true;
			return;
		}
		a = login_respond(g->t, span_chomp(line), challenge);
	}
	judge(g, a);
}

static void list_mechanisms(greet *g)
{
	say(g, "+OK\r\nPLAIN");
	if (g->t->scram)
		say(g, "SCRAM-SHA-256");
	say(g, ".");
}

static void do_auth(greet *g, const pop3_cmd *c)
{
	span rest = c->args, mechanism = span_word(&rest), initial = span_trim(rest);
	str challenge = str_new(LOGIN_LINE_MAX);
	if (!g->t->allowed)
		not_here(g);
	else if (!mechanism.n)
		list_mechanisms(g);
	else
		converse(
		    g,
		    login_start(g->t, mechanism, initial.n ? initial : (span){NULL, 0}, &challenge),
		    &challenge);
	str_free(&challenge);
}

static void do_utf8(greet *g, const pop3_cmd *c)
{
	if (!pop3_no_args(c)) {
		error(g, "-ERR UTF8 takes no argument");
		return;
	}
	str_clear(&g->t->state);
	(void)str_putc(&g->t->state, '8');
	say(g, "+OK");
}

/* RFC 2595, 4. All that was said before counts no more, nor what was pipelined behind it: that came in the clear. */
static void do_stls(greet *g, const pop3_cmd *c)
{
	if (!pop3_no_args(c)) {
		error(g, "-ERR STLS takes no argument");
	} else if (g->t->tls != LOGIN_TLS_OFFERED) {
		error(g, g->t->tls == LOGIN_TLS_ACTIVE ? "-ERR TLS is there already"
						       : "-ERR no TLS here");
	} else if (in_buffered(g->t->in)) {
		hang_up(g, "-ERR nothing may follow STLS");
	} else {
		say(g, "+OK begin TLS");
		str_clear(&g->user);
		str_clear(&g->t->state);
		g->errors = 0;
		g->over = !login_start_tls(g->t);
	}
}

static void dispatch(greet *g, const pop3_cmd *c)
{
	switch (c->verb) {
	case POP3_CAPA:
		pop3_capabilities(g->t->out, g->t->allowed, g->t->scram,
				  g->t->tls == LOGIN_TLS_OFFERED);
		return;
	case POP3_STLS:
		do_stls(g, c);
		return;
	case POP3_USER:
		do_user(g, c);
		return;
	case POP3_PASS:
		do_pass(g, c);
		return;
	case POP3_AUTH:
		do_auth(g, c);
		return;
	case POP3_UTF8:
		do_utf8(g, c);
		return;
	case POP3_QUIT:
		say(g, "+OK bye");
		g->over = true;
		return;
	case POP3_OCTETS:
		error(g, "-ERR control octet in a command");
		return;
	case POP3_UNKNOWN:
		error(g, "-ERR command not known");
		return;
	default:
		error(g, "-ERR log in first");
		return;
	}
}

static void one_command(greet *g)
{
	span line;
	switch (pop3_read_line(g->t->in, g->t->stop, g->t->waiting, &line)) {
	case POP3_LINE: {
		pop3_cmd c = pop3_cmd_parse(line);
		dispatch(g, &c);
		return;
	}
	case POP3_LONG:
		error(g, "-ERR line too long");
		return;
	case POP3_STOP:
		hang_up(g, "-ERR [SYS/TEMP] going down");
		return;
	default:
		g->over = true;
		return;
	}
}

bool pop3_greet(login_talk *t)
{
	greet g = {.t = t, .user = str_new(USER_MAX)};
	t->in->deadline = clock_ms() + t->idle_ms; /* all of it together */
	out_puts(t->out, "+OK ");
	out_put(t->out, t->me);
	out_puts(t->out, " POP3\r\n");
	while (!g.over)
		one_command(&g);
	str_free(&g.user);
	return g.yes;
}
