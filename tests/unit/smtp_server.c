/* links: smtp mail io base : z */
/* Sessions against a keeper that says yes, no, or nothing any more. */
#include "smtp/server.h"

#include <string.h>
#include <sys/mman.h>

#include "base/str.h"
#include "tests/unit/unit.h"

typedef struct fake {
	const char *dead_at; /* the question at which the keeper is gone */
	size_t messages, octets, begun, refused;
	bool login; /* is allowed */
	unsigned stages;
	bool xclient;
	/* STARTTLS */
	enum login_tls tls;
	const char *behind;
	int behind_fd;
	size_t handshakes;
	in *in;
} fake;

static bool alive(const fake *f, const char *question)
{
	return !f->dead_at || strcmp(f->dead_at, question) != 0;
}

static bool fake_rcpt(void *arg, span mail, span rcpt, smtp_verdict *v)
{
	(void)mail;
	bool known = span_find(rcpt, 'n') == rcpt.n;
	v->st = known ? status_make(EX_OK, 250, "2.1.5", "ok")
		      : status_make(EX_NOUSER, 550, "5.1.1", "no such user");
	return alive(arg, "rcpt");
}

static bool fake_message(void *arg, span hello, bool esmtp, span message, smtp_verdict *v)
{
	fake *f = arg;
	(void)hello;
	(void)esmtp;
	f->messages++;
	f->octets += message.n;
	v->st = status_make(EX_OK, 250, "2.0.0", "queued X");
	return alive(f, "message");
}

static bool fake_begin(void *arg, span hello, bool esmtp)
{
	fake *f = arg;
	(void)hello;
	(void)esmtp;
	f->begun++;
	return alive(f, "begin");
}

static bool fake_data(void *arg, span octets)
{
	fake *f = arg;
	f->octets += octets.n;
	return alive(f, "data");
}

static bool fake_commit(void *arg, smtp_verdict *v)
{
	fake *f = arg;
	f->messages++;
	v->st = status_make(EX_OK, 250, "2.0.0", "queued X");
	return alive(f, "commit");
}

static bool fake_refuse(void *arg, const status *why)
{
	fake *f = arg;
	f->refused++;
	return why->reply >= 400 && alive(f, "refuse");
}

/* Judges the last word; without one it asks. */
static bool fake_stage(void *arg, enum smtp_stage stage, span words, smtp_verdict *v)
{
	(void)arg;
	(void)stage;
	v->st = span_find(words, '!') == words.n ? status_ok()
						 : status_make(EX_NOPERM, 550, "5.7.1", "no");
	return true;
}

static bool fake_attributes(void *arg, bool client, span args, smtp_verdict *v)
{
	(void)arg;
	(void)client;
	if (args.n == 0)
		abort();
	v->st = status_ok();
	return true;
}

static bool fake_auth(void *arg, bool first, span line, enum login_answer *a, str *text)
{
	span word = span_sub(line, first ? span_find(line, ' ') : 0, line.n);
	word = span_trim(word);
	*a = word.n == 0		? LOGIN_MORE
	     : span_eq(word, S("ok"))	? LOGIN_YES
	     : span_eq(word, S("no"))	? LOGIN_WRONG
	     : span_eq(word, S("gone")) ? LOGIN_GONE
	     : span_eq(word, S("*"))	? LOGIN_BAD
					: LOGIN_TEMP;
	str_clear(text);
	(void)str_put(text, S("d29yZHM="));
	return alive(arg, "auth");
}

static bool fake_tls(void *arg)
{
	fake *f = arg;
	f->handshakes++;
	in_reset(f->in, f->behind_fd);
	return alive(f, "tls");
}

/* The codes of all last lines of the replies, parted by blanks, in `codes`. */
static void session(span input, fake *f, char *codes, size_t room)
{
	int from_fd = memfd_create("in", MFD_CLOEXEC), to_fd = memfd_create("out", MFD_CLOEXEC);
	const smtp_keeper k = {f,	    fake_rcpt,	 fake_message, fake_begin,	fake_data,
			       fake_commit, fake_refuse, fake_stage,   fake_attributes, fake_auth,
			       fake_tls};
	const smtp_limits limits = {.me = S("me.example"),
				    .max_size = 1 << 20,
				    .max_rcpts = 3,
				    .max_errors = 5,
				    .idle_ms = 60000,
				    .max_mails = 1000,
				    .lmtp = false,
				    .auth = true,
				    .stages = f->stages,
				    .scram = true};
	static char replies[65536];
	in from;
	out to;
	(void)!write(from_fd, input.p, input.n);
	(void)lseek(from_fd, 0, SEEK_SET);
	in_open(&from, from_fd, SERVER_IN);
	out_open(&to, to_fd, SERVER_OUT);
	smtp_session s = {.limits = &limits,
			  .keeper = &k,
			  .in = &from,
			  .out = &to,
			  .xclient = f->xclient,
			  .xforward = f->xclient,
			  .login_allowed = f->login,
			  .tls = f->tls};
	f->in = &from;
	f->behind_fd = memfd_create("behind", MFD_CLOEXEC);
	if (f->behind)
		(void)!write(f->behind_fd, f->behind, strlen(f->behind));
	(void)lseek(f->behind_fd, 0, SEEK_SET);
	smtp_serve(&s);
	(void)close(f->behind_fd);
	in_close(&from);
	out_close(&to);
	ssize_t n = pread(to_fd, replies, sizeof replies, 0);
	span rest = span_of(replies, n > 0 ? (size_t)n : 0);
	size_t at = 0;
	while (rest.n) {
		span line = span_cut(&rest, '\n');
		if (line.n > 3 && line.p[3] == ' ' && at + 4 < room) {
			memcpy(codes + at, line.p, 3);
			codes[at + 3] = ' ';
			at += 4;
		}
	}
	codes[at ? at - 1 : 0] = 0;
	(void)close(from_fd);
	(void)close(to_fd);
}

#define HELLO "EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<a@b.example>\r\n"

static void tables(void)
{
	static const struct {
		const char *in, *dead_at, *codes;
		size_t messages;
	} cases[] = {
	    {"QUIT\r\n", NULL, "220 221", 0},
	    {"", NULL, "220", 0},
	    {"QUIT", NULL, "220", 0},
	    {HELLO "DATA\r\nx\r\n.\r\nQUIT\r\n", NULL, "220 250 250 250 354 250 221", 1},
	    {HELLO "DATA\r\nx\r\n.\r\nMAIL FROM:<>\r\nRCPT "
		   "TO:<a@b.example>\r\nDATA\r\ny\r\n.\r\nQUIT\r\n",
	     NULL, "220 250 250 250 354 250 250 250 354 250 221", 2},
	    {HELLO "DATA\r\nx\r\n.\r\nDATA\r\nQUIT\r\n", NULL, "220 250 250 250 354 250 503 221",
	     1},
	    {HELLO "DATA\r\nx\ny\r\n.\r\nQUIT\r\n", NULL, "220 250 250 250 354 550 221", 0},
	    {HELLO "DATA\r\nx\r\n", NULL, "220 250 250 250 354", 0},
	    {HELLO "RSET\r\nDATA\r\nQUIT\r\n", NULL, "220 250 250 250 250 503 221", 0},
	    {HELLO "MAIL FROM:<>\r\nQUIT\r\n", NULL, "220 250 250 250 503 221", 0},
	    {"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<n@b.example>\r\nDATA\r\nQUIT\r\n", NULL,
	     "220 250 250 550 554 221", 0},
	    {HELLO
	     "RCPT TO:<b@b.example>\r\nRCPT TO:<c@b.example>\r\nRCPT TO:<d@b.example>\r\nQUIT\r\n",
	     NULL, "220 250 250 250 250 250 452 221", 0},
	    {"EHLO\r\nHELO a b\r\nHELO x\r\nQUIT\r\n", NULL, "220 501 501 250 221", 0},
	    {"A\r\nB\r\nC\r\nD\r\nE\r\nF\r\nG\r\n", NULL, "220 500 500 500 500 500 421", 0},
	    {"GET / HTTP/1.1\r\nQUIT\r\n", NULL, "220 421", 0},
	    {HELLO "QUIT\r\n", "rcpt", "220 250 250 421", 0},
	    {HELLO "DATA\r\nx\r\n.\r\nQUIT\r\n", "message", "220 250 250 250 354 421", 1},
	    {HELLO "DATA\r\nx\ry\r\n.\r\nQUIT\r\n", "refuse", "220 250 250 250 354 421", 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char codes[512];
		fake f = {.dead_at = cases[i].dead_at};
		session(span_str(cases[i].in), &f, codes, sizeof codes);
		CHECK(strcmp(codes, cases[i].codes) == 0 && f.messages == cases[i].messages,
		      "session %zu: %s", i, codes);
	}
}

/* RFC 4954; every answer that is not a yes leaves the client where it was. */
static void logins(void)
{
	static const struct {
		const char *in, *codes;
		bool login;
	} cases[] = {
	    {"AUTH PLAIN ok\r\nQUIT\r\n", "220 503 221", true},
	    {"HELO c\r\nAUTH PLAIN ok\r\nQUIT\r\n", "220 250 503 221", true},
	    {"EHLO c\r\nAUTH PLAIN ok\r\nQUIT\r\n", "220 250 538 221", false},
	    {"EHLO c\r\nAUTH PLAIN ok\r\nAUTH PLAIN ok\r\nQUIT\r\n", "220 250 235 503 221", true},
	    {"EHLO c\r\nAUTH\r\nAUTH X\r\nAUTH PLAIN a b\r\nQUIT\r\n", "220 250 501 504 501 221",
	     true},
	    {"EHLO c\r\nAUTH PLAIN no\r\nauth login temp\r\nQUIT\r\n", "220 250 535 454 221", true},
	    {"EHLO c\r\nAUTH LOGIN\r\n\r\nok\r\nQUIT\r\n", "220 250 334 334 235 221", true},
	    {"EHLO c\r\nAUTH LOGIN\r\n*\r\nNOOP\r\nQUIT\r\n", "220 250 334 501 250 221", true},
	    {"EHLO c\r\nAUTH PLAIN gone\r\nNOOP\r\n", "220 250 421", true},
	    {"EHLO c\r\nAUTH PLAIN\r\n", "220 250 334", true},
	    {HELLO "AUTH PLAIN ok\r\nQUIT\r\n", "220 250 250 250 503 221", true},
	    {"EHLO c\r\nAUTH PLAIN ok\r\nEHLO c\r\nAUTH PLAIN ok\r\nQUIT\r\n",
	     "220 250 235 250 503 221", true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char codes[512];
		fake f = {.login = cases[i].login};
		session(span_str(cases[i].in), &f, codes, sizeof codes);
		CHECK(strcmp(codes, cases[i].codes) == 0, "login %zu: %s", i, codes);
	}
	char codes[512];
	fake f = {.login = true, .dead_at = "auth"};
	session(S("EHLO c\r\nAUTH PLAIN ok\r\nNOOP\r\n"), &f, codes, sizeof codes);
	CHECK(strcmp(codes, "220 250 421") == 0, "a keeper that is gone is no yes: %s", codes);
}

/* RFC 3207. `behind` is what comes through TLS. */
static void starttls(void)
{
	static const struct {
		const char *in, *behind, *codes;
		size_t handshakes;
		enum login_tls tls;
	} cases[] = {
	    {"EHLO c\r\nSTARTTLS\r\n", "EHLO c\r\nQUIT\r\n", "220 250 220 250 221", 1,
	     LOGIN_TLS_OFFERED},
	    {"STARTTLS\r\n", "QUIT\r\n", "220 220 221", 1, LOGIN_TLS_OFFERED},
	    {"STARTTLS x\r\nSTARTTLS\r\n", "QUIT\r\n", "220 501 220 221", 1, LOGIN_TLS_OFFERED},
	    {"EHLO c\r\nSTARTTLS\r\nQUIT\r\n", NULL, "220 250 502 221", 0, LOGIN_TLS_NONE},
	    {"EHLO c\r\nSTARTTLS\r\nQUIT\r\n", NULL, "220 250 503 221", 0, LOGIN_TLS_ACTIVE},
	    /* the state of before is forgotten, a login too */
	    {HELLO "STARTTLS\r\n",
	     "DATA\r\nRCPT TO:<a@b.example>\r\nMAIL FROM:<>\r\nEHLO c\r\nSTARTTLS\r\nQUIT\r\n",
	     "220 250 250 250 220 503 503 503 250 503 221", 1, LOGIN_TLS_OFFERED},
	    {"EHLO c\r\nAUTH PLAIN ok\r\nSTARTTLS\r\n", "EHLO c\r\nAUTH PLAIN ok\r\nQUIT\r\n",
	     "220 250 235 220 250 235 221", 1, LOGIN_TLS_OFFERED},
	    {HELLO "BDAT 3\r\nx\r\nSTARTTLS\r\n", "BDAT 2 LAST\r\n\r\nQUIT\r\n",
	     "220 250 250 250 250 220 503 221", 1, LOGIN_TLS_OFFERED},
	    /* CVE-2011-0411, CVE-2021-33515: commands that were put behind it in the clear */
	    {"EHLO c\r\nSTARTTLS\r\nMAIL FROM:<evil@b.example>\r\n", NULL, "220 250 554", 0,
	     LOGIN_TLS_OFFERED},
	    {"EHLO c\r\nSTARTTLS\r\nR", NULL, "220 250 554", 0, LOGIN_TLS_OFFERED},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char codes[512];
		fake f = {.tls = cases[i].tls, .behind = cases[i].behind, .login = true};
		session(span_str(cases[i].in), &f, codes, sizeof codes);
		CHECK(strcmp(codes, cases[i].codes) == 0 && f.handshakes == cases[i].handshakes,
		      "starttls %zu: %s", i, codes);
	}
	char codes[512];
	fake f = {.tls = LOGIN_TLS_OFFERED, .dead_at = "tls", .behind = "EHLO c\r\nQUIT\r\n"};
	session(S("EHLO c\r\nSTARTTLS\r\n"), &f, codes, sizeof codes);
	CHECK(strcmp(codes, "220 250 220") == 0, "no word without a handshake: %s", codes);
}

/* A message of `size` octets of x, LF counted as one. */
static void large(size_t size, const char *dead_at, const char *codes, size_t begun,
		  size_t messages)
{
	str text = str_new(8 << 20);
	char got[512];
	fake f = {.dead_at = dead_at};
	(void)str_put(&text, S(HELLO "DATA\r\n"));
	for (size_t i = 0; i < size / 64; i++)
		(void)str_put(
		    &text,
		    S("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"));
	(void)str_put(&text, S(".\r\nQUIT\r\n"));
	session(str_span(&text), &f, got, sizeof got);
	CHECK(strcmp(got, codes) == 0 && f.begun == begun && f.messages == messages,
	      "%zu octets, gone at %s: %s", size, dead_at ? dead_at : "nothing", got);
	CHECK(!messages || dead_at || f.octets == size, "%zu octets arrive", f.octets);
	str_free(&text);
}

/* What the policy refuses is not there. */
static void stages(void)
{
	static const struct {
		const char *in, *codes;
		unsigned stages;
	} cases[] = {
	    {"EHLO c!\r\nQUIT\r\n", "220 250 221", 0},
	    {"EHLO c!\r\nMAIL FROM:<>\r\nEHLO c\r\nQUIT\r\n", "220 550 503 250 221",
	     STAGE_BIT(STAGE_HELO)},
	    {"EHLO c!\r\nQUIT\r\n", "220 550 221", STAGE_BIT(STAGE_RCPT)},
	    {"EHLO c!\r\nQUIT\r\n", "220 250 221", STAGE_BIT(STAGE_CONNECT)},
	    {"EHLO c\r\nMAIL FROM:<a!@b.example>\r\nRCPT TO:<a@b.example>\r\nQUIT\r\n",
	     "220 250 550 503 221", STAGE_BIT(STAGE_MAIL)},
	    {HELLO "DATA\r\nx\r\n.\r\nQUIT\r\n", "220 250 250 250 354 250 221", 31},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char codes[512];
		fake f = {.stages = cases[i].stages};
		session(span_str(cases[i].in), &f, codes, sizeof codes);
		CHECK(strcmp(codes, cases[i].codes) == 0, "stages %zu: %s", i, codes);
	}
}

static void attributes(void)
{
	static const struct {
		const char *in, *codes;
		bool allowed;
	} cases[] = {
	    {"XCLIENT ADDR=192.0.2.1\r\nEHLO c\r\nQUIT\r\n", "220 220 250 221", true},
	    {"XCLIENT ADDR=192.0.2.1\r\nQUIT\r\n", "220 550 221", false},
	    {"EHLO c\r\nXCLIENT ADDR=192.0.2.1\r\nMAIL FROM:<>\r\nQUIT\r\n", "220 250 220 503 221",
	     true},
	    {HELLO "XCLIENT ADDR=192.0.2.1\r\nQUIT\r\n", "220 250 250 250 503 221", true},
	    {"EHLO c\r\nXCLIENT\r\nXCLIENT X=1\r\nXCLIENT IDENT=1\r\nXCLIENT ADDR=+0A\r\n"
	     "QUIT\r\n",
	     "220 250 501 501 501 501 221", true},
	    {"EHLO c\r\nXFORWARD ADDR=192.0.2.1 IDENT=x\r\nXFORWARD HELO=a HELO=b\r\nQUIT\r\n",
	     "220 250 250 501 221", true},
	    {"EHLO c\r\nXFORWARD ADDR=192.0.2.1\r\nQUIT\r\n", "220 250 550 221", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char codes[512];
		fake f = {.xclient = cases[i].allowed};
		session(span_str(cases[i].in), &f, codes, sizeof codes);
		CHECK(strcmp(codes, cases[i].codes) == 0, "attributes %zu: %s", i, codes);
	}
}

int main(void)
{
	attributes();
	stages();
	tables();
	logins();
	starttls();
	large(64, NULL, "220 250 250 250 354 250 221", 0, 1);
	large(SERVER_SMALL, NULL, "220 250 250 250 354 250 221", 0, 1);
	large(SERVER_SMALL + 64, NULL, "220 250 250 250 354 250 221", 1, 1);
	large(900000 / 64 * 64, NULL, "220 250 250 250 354 250 221", 1, 1);
	large(2 << 20, NULL, "220 250 250 250 354 552 221", 1, 0);
	large(600000 / 64 * 64, "begin", "220 250 250 250 354 421", 1, 0);
	large(600000 / 64 * 64, "data", "220 250 250 250 354 421", 1, 0);
	large(600000 / 64 * 64, "commit", "220 250 250 250 354 421", 1, 1);
	return unit_done();
}
