/* auth-check(8): one SASL exchange, in lines on fds 0 and 1. */
#include <sysexits.h>

#include "auth/check.h"
#include "auth/throttle.h"
#include "base/die.h"
#include "base/text.h"
#include "io/in.h"
#include "io/log.h"
#include "io/out.h"
#include "io/proc.h"
#include "io/user.h"
#include "mail/base64.h"
#include "resolve/resolve.h"

enum { ANSWER_MAX = 16384, RESOLVE_MEMORY = 1 << 20 };

typedef struct exchange {
	in from;
	out to;
	check check;
	sasl sasl;
	const char *ip;
	uint64_t network;
	bool turned_away;
} exchange;

static void usage(FILE *to)
{
	(void)fputs("usage: auth-check [-m]\n", to);
}

/* The mechanisms, one a line. */
static int mechanisms(void)
{
	(void)fputs("PLAIN\nLOGIN\n", stdout);
	if (check_offers_scram())
		(void)fputs("SCRAM-SHA-256\n", stdout);
	return fflush(stdout) == 0 ? EX_OK : EX_TEMPFAIL;
}

static int options(int argc, char **argv)
{
	int c = getopt(argc, argv, "hm");
	if (c == 'h') {
		usage(stdout);
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	}
	if ((c != -1 && c != 'm') || optind < argc) {
		usage(stderr);
		return EX_TEMPFAIL;
	}
	return c == 'm' ? mechanisms() : -1;
}

static int64_t wall_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void log_login(const exchange *e, const char *event, const char *why)
{
	log_line l;
	log_begin(&l, event);
	log_put(&l, "user", e->check.address.n ? e->check.address : str_span(&e->sasl.user));
	if (e->ip)
		log_puts(&l, "ip", e->ip);
	if (why)
		log_puts(&l, "text", why);
	log_end(&l);
}

static int no(exchange *e, const char *word, const char *text, int code)
{
	out_printf(&e->to, "NO %s %s\n", word, text);
	log_login(e, "login-refused", text);
	return out_flush(&e->to) ? code : EX_TEMPFAIL;
}

static int doubt(exchange *e)
{
	return no(e, "TEMP", "something is wrong here, try again later", EX_TEMPFAIL);
}

static int wrong(exchange *e)
{
	throttle_failed(e->network, wall_ms());
	return no(e, "AUTH", "user and password do not fit", EX_NOPERM);
}

/* A full mailbox is read all the same; that is what empties it. */
static bool has_mailbox(const resolve_answer *a)
{
	return a->kind == RESOLVE_MAILBOX || (a->kind == RESOLVE_REFUSED && a->maildir.p &&
					      strcmp(a->why.enhanced, "4.2.2") == 0);
}

static int right(exchange *e)
{
	resolve_answer a = {.kind = RESOLVE_REFUSED};
	resolver *r = resolver_open();
	arena mem = arena_new(RESOLVE_MEMORY);
	str line = str_new(ANSWER_MAX);
	int code = EX_OK;
	resolve(r, &e->check.user, 0, &mem, &a);
	if (a.kind == RESOLVE_EXPAND) { /* his mail goes elsewhere: "user+" is his mailbox */
		str local = str_new(ADDR_LOCAL_MAX + 1);
		(void)str_put(&local, e->check.user.local);
		(void)str_putc(&local, '+');
		addr own = e->check.user;
		own.local = str_span(&local);
		resolve(r, &own, 0, &mem, &a);
		str_free(&local);
	}
	if (!has_mailbox(&a)) {
		log_login(e, "login-without-mailbox", a.why.text);
		code = doubt(e);
	} else {
		(void)str_put(&line, S("OK "));
		text_tsv(e->check.address, &line);
		(void)str_putc(&line, '\t');
		text_tsv(a.maildir, &line);
		if (a.has_owner)
			(void)str_printf(&line, "\t%lu\t%lu", (unsigned long)a.uid,
					 (unsigned long)a.gid);
		else
			(void)str_put(&line, S("\t\t"));
		(void)str_putc(&line, '\n');
		log_login(e, "login", NULL);
		out_put(&e->to, str_span(&line));
		code = !line.over && out_flush(&e->to) ? EX_OK : EX_TEMPFAIL;
	}
	str_free(&line);
	arena_free(&mem);
	resolver_close(r);
	return code;
}

static bool say_challenge(exchange *e, const str *challenge)
{
	str text = str_new(SASL_LINE_MAX);
	bool done = base64_write(str_span(challenge), &text);
	out_puts(&e->to, "+ ");
	out_put(&e->to, str_span(&text));
	out_putc(&e->to, '\n');
	str_free(&text);
	return done && out_flush(&e->to);
}

/* The next line without its end; false where there is none, or it is too long. */
static bool next_line(exchange *e, span *line)
{
	enum in_result r = in_line(&e->from, SASL_LINE_MAX, line);
	bool whole = r == IN_OK && span_ends(*line, S("\n"));
	*line = span_chomp(*line);
	return whole;
}

/* Until the mechanism has decided. */
static enum sasl_result converse(exchange *e, span initial, bool has_initial)
{
	str octets = str_new(SASL_MAX), challenge = str_new(SASL_MAX);
	span line = span_eq(initial, S("=")) ? S("") : initial;
	enum sasl_result r;
	if (has_initial)
		r = base64_read(line, &octets) ? sasl_step(&e->sasl, str_span(&octets), &challenge)
					       : SASL_MALFORMED;
	else
		r = sasl_ask(&e->sasl, &challenge);
	while (r == SASL_CHALLENGE) {
		str_clear(&octets);
		if (!say_challenge(e, &challenge)) {
			r = SASL_DOUBT;
			break;
		}
		str_clear(&challenge);
		r = next_line(e, &line) && base64_read(line, &octets)
			? sasl_step(&e->sasl, str_span(&octets), &challenge)
			: SASL_MALFORMED;
	}
	if (octets.p)
		explicit_bzero(octets.p, octets.n);
	str_free(&octets);
	str_free(&challenge);
	return r;
}

/* Behind those of its network that wait already. */
static bool wait_for_turn(void *arg)
{
	exchange *e = arg;
	int ms = throttle_turn(e->network, wall_ms());
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
	if (ms > 0)
		(void)nanosleep(&t, NULL);
	e->turned_away = ms < 0;
	return ms >= 0;
}

static int run(exchange *e)
{
	span line;
	if (!next_line(e, &line))
		return no(e, "BAD", "no mechanism", EX_DATAERR);
	span rest = line, name = span_word(&rest);
	enum sasl_mechanism m = sasl_mechanism(name);
	rest = span_trim(rest);
	if (m == SASL_UNKNOWN || (m == SASL_SCRAM_SHA_256 && e->check.program))
		return no(e, "BAD", "no such mechanism", EX_DATAERR);
	sasl_begin(&e->sasl, m, &e->check.backend);
	switch (converse(e, rest, rest.n > 0)) {
	case SASL_RIGHT:
		return right(e);
	case SASL_WRONG:
		return wrong(e);
	case SASL_MALFORMED:
		return no(e, "BAD", "cancelled, or no message of this mechanism", EX_DATAERR);
	default:
		return e->turned_away
			   ? no(e, "TEMP", "too many failed logins from there, try again later",
				EX_TEMPFAIL)
			   : doubt(e);
	}
}

int main(int argc, char **argv)
{
	exchange e = {.ip = getenv("TCPREMOTEIP")};
	uid_t uid;
	gid_t gid;
	proc_start(argv[0]);
	int code = options(argc, argv);
	if (code >= 0)
		return code;
	log_open("auth-check");
	if (geteuid() == 0 && user_find("mailauth", &uid, &gid) && !user_become("mailauth"))
		die_errno(EX_TEMPFAIL, "cannot become mailauth");
	e.network = e.ip ? throttle_network(e.ip) : 0;
	in_open(&e.from, STDIN_FILENO, SASL_LINE_MAX);
	out_open(&e.to, STDOUT_FILENO, SASL_LINE_MAX);
	check_open(&e.check);
	e.check.turn = wait_for_turn;
	e.check.turn_arg = &e;
	code = run(&e);
	check_close(&e.check);
	sasl_end(&e.sasl);
	return code;
}
