#include "imap/greet.h"

#include "imap/read.h"
#include "imap/verb.h"
#include "io/clock.h"

enum { ERRORS_MAX = 20, MEMORY = 2 * IMAP_LINE_BEFORE };

typedef struct greet {
	login_talk *t;
	imap_reader reader;
	arena mem; /* of the current command */
	span tag;
	unsigned errors;
	bool over, yes;
} greet;

static void untagged(greet *g, const char *text)
{
	out_puts(g->t->out, "* ");
	out_puts(g->t->out, text);
	out_puts(g->t->out, "\r\n");
}

static void hang_up(greet *g, const char *text)
{
	untagged(g, text);
	g->over = g->t->hung_up = true;
}

static void tagged(greet *g, const char *text)
{
	out_put(g->t->out, g->tag.n ? g->tag : S("*"));
	out_putc(g->t->out, ' ');
	out_puts(g->t->out, text);
	out_puts(g->t->out, "\r\n");
}

static void error(greet *g, const char *text)
{
	tagged(g, text);
	if (++g->errors >= ERRORS_MAX)
		hang_up(g, "BYE too many errors");
}

/* RFC 5530 has the words in brackets. */
static void refuse(greet *g, const char *code)
{
	char line[LOGIN_TEXT_MAX + 64];
	(void)snprintf(line, sizeof line, "%s %s", code,
		       *g->t->text ? g->t->text : "no login with that");
	error(g, line);
}

static imap_login_ways ways(const greet *g)
{
	return (imap_login_ways){.allowed = g->t->allowed,
				 .scram = g->t->scram,
				 .starttls = g->t->tls == LOGIN_TLS_OFFERED};
}

/* ---- logging in */

/* The OK is the session's. */
static void judge(greet *g, enum login_answer a)
{
	switch (a) {
	case LOGIN_YES:
		str_clear(&g->t->state);
		(void)str_put(&g->t->state, g->tag);
		g->yes = g->over = true;
		return;
	case LOGIN_WRONG:
		refuse(g, "NO [AUTHENTICATIONFAILED]");
		return;
	case LOGIN_BAD:
		refuse(g, "BAD");
		return;
	case LOGIN_GONE:
		hang_up(g, "BYE enough for one connection");
		return;
	default:
		refuse(g, "NO [UNAVAILABLE]");
		return;
	}
}

static bool allowed(greet *g)
{
	if (!g->t->allowed)
		error(g, "NO [PRIVACYREQUIRED] a login needs TLS here");
	return g->t->allowed;
}

static void do_login(greet *g, imap_scan *s)
{
	span user, password;
	if (!imap_astring(s, &user) || !imap_sp(s) || !imap_astring(s, &password) || !imap_end(s))
		error(g, "BAD LOGIN user password");
	else if (allowed(g))
		judge(g, login_password(g->t, user, password));
}

static void converse(greet *g, enum login_answer a, str *challenge)
{
	span line;
	while (a == LOGIN_MORE) {
		out_puts(g->t->out, "+ ");
		out_put(g->t->out, str_span(challenge));
		out_puts(g->t->out, "\r\n");
		str_clear(challenge);
		enum imap_read r = imap_read_line(&g->reader, LOGIN_LINE_MAX, &line);
		if (r == IMAP_READ_BAD) {
			line = S("*");
		} else if (r != IMAP_READ) {
			g->over = true;
			if (r == IMAP_READ_STOP)
				hang_up(g, "BYE going down");
			return;
		}
		a = login_respond(g->t, line, challenge);
	}
	judge(g, a);
}

/* "=" is an initial response without an octet (RFC 4959, 3). */
static void do_authenticate(greet *g, imap_scan *s)
{
	span mechanism, initial = {NULL, 0};
	char tag[IMAP_TAG_MAX];
	if (!imap_atom(s, &mechanism) || (imap_sp(s) && !imap_atom(s, &initial)) || !imap_end(s)) {
		error(g, "BAD AUTHENTICATE mechanism");
		return;
	}
	if (span_eq(initial, S("=")))
		initial = S("");
	if (!allowed(g))
		return;
	memcpy(tag, g->tag.p, g->tag.n); /* the reader's next line takes its place */
	g->tag.p = tag;
	str challenge = str_new(LOGIN_LINE_MAX);
	converse(g, login_start(g->t, mechanism, initial, &challenge), &challenge);
	str_free(&challenge);
	g->tag = S("");
}

/* ---- the others */

static void do_capability(greet *g, imap_scan *s)
{
	imap_login_ways w = ways(g);
	(void)s;
	out_puts(g->t->out, "* CAPABILITY");
	imap_capabilities(g->t->out, &w);
	out_puts(g->t->out, "\r\n");
	tagged(g, "OK done");
}

static void do_noop(greet *g, imap_scan *s)
{
	(void)s;
	tagged(g, "OK done");
}

static void do_logout(greet *g, imap_scan *s)
{
	(void)s;
	untagged(g, "BYE bye");
	tagged(g, "OK done");
	g->over = true;
}

static void do_id(greet *g, imap_scan *s)
{
	if (imap_id(s, g->t->out))
		tagged(g, "OK done");
	else
		error(g, "BAD ID NIL, or pairs");
}

/* RFC 3501, 6.2.1. Whatever came before counts no more. */
static void do_starttls(greet *g, imap_scan *s)
{
	(void)s;
	if (g->t->tls != LOGIN_TLS_OFFERED) {
		error(g, "BAD no TLS here");
		return;
	}
	if (in_buffered(g->t->in)) {
		tagged(g, "BAD nothing may come behind STARTTLS");
		hang_up(g, "BYE pipelined");
		return;
	}
	tagged(g, "OK begin");
	if (login_start_tls(g->t))
		g->errors = 0;
	else
		g->over = true;
}

static const struct verb {
	const char *name;
	void (*function)(greet *, imap_scan *);
	bool takes; /* arguments */
} verbs[] = {
    {"CAPABILITY", do_capability, false},
    {"NOOP", do_noop, false},
    {"LOGOUT", do_logout, false},
    {"ID", do_id, true},
    {"LOGIN", do_login, true},
    {"AUTHENTICATE", do_authenticate, true},
    {"STARTTLS", do_starttls, false},
};

static void dispatch(greet *g, span command)
{
	imap_scan s = {.rest = command, .mem = &g->mem};
	span verb;
	g->tag = S("");
	if (!imap_tag(&s, &g->tag) || !imap_verb(&s, &verb)) {
		error(g, "BAD tag command");
		return;
	}
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (!span_eqi(verb, span_str(verbs[i].name)))
			continue;
		if (!verbs[i].takes && !imap_end(&s))
			error(g, "BAD no argument, please");
		else
			verbs[i].function(g, &s);
		return;
	}
	error(g, "BAD not known, or not before a login");
}

static void refused(greet *g, span command)
{
	imap_scan s = {.rest = command, .mem = &g->mem};
	char line[128];
	g->tag = S("");
	(void)imap_tag(&s, &g->tag);
	(void)snprintf(line, sizeof line, "%s", g->reader.words);
	error(g, line);
}

static void one_command(greet *g)
{
	span command;
	switch (imap_read_command(&g->reader, &command)) {
	case IMAP_READ:
		dispatch(g, command);
		break;
	case IMAP_READ_BAD:
		refused(g, command);
		break;
	case IMAP_READ_BYE:
		hang_up(g, "BYE too long");
		break;
	case IMAP_READ_STOP:
		hang_up(g, "BYE going down");
		break;
	case IMAP_READ_LATE:
		hang_up(g, "BYE nothing heard for too long");
		break;
	default:
		g->over = true;
		break;
	}
	arena_reset(&g->mem);
}

bool imap_greet(login_talk *t)
{
	greet g = {.t = t,
		   .reader = imap_reader_new(t->in, t->out, IMAP_LINE_BEFORE),
		   .mem = arena_new(MEMORY)};
	imap_login_ways w = ways(&g);
	g.reader.stop = t->stop;
	g.reader.waiting = t->waiting;
	t->in->deadline = clock_ms() + t->idle_ms; /* all of it together */
	out_puts(t->out, "* OK [CAPABILITY");
	imap_capabilities(t->out, &w);
	out_puts(t->out, "] ");
	out_put(t->out, t->me);
	out_puts(t->out, " IMAP\r\n");
	while (!g.over)
		one_command(&g);
	arena_free(&g.mem);
	imap_reader_free(&g.reader);
	return g.yes;
}
