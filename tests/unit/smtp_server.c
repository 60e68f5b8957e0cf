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

/* The codes of all last lines of the replies, parted by blanks, in `codes`. */
static void session(span input, fake *f, char *codes, size_t room)
{
	int from_fd = memfd_create("in", MFD_CLOEXEC), to_fd = memfd_create("out", MFD_CLOEXEC);
	const smtp_keeper k = {f,	  fake_rcpt,   fake_message, fake_begin,
			       fake_data, fake_commit, fake_refuse};
	const smtp_limits limits = {S("me.example"), 1 << 20, 3, 5, 60000, 1000, false};
	static char replies[65536];
	in from;
	out to;
	(void)!write(from_fd, input.p, input.n);
	(void)lseek(from_fd, 0, SEEK_SET);
	in_open(&from, from_fd, SERVER_IN);
	out_open(&to, to_fd, SERVER_OUT);
	smtp_session s = {.limits = &limits, .keeper = &k, .in = &from, .out = &to};
	smtp_serve(&s);
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

int main(void)
{
	tables();
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
