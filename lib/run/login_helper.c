#include "run/login_helper.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/die.h"
#include "base/status.h"
#include "io/clock.h"
#include "io/out.h"
#include "io/proc.h"
#include "run/auth_gate.h"

void login_account_free(login_account *a)
{
	free(a->address);
	free(a->maildir);
	*a = (login_account){NULL, NULL, false, 0, 0};
}

/* A TSV field without its escapes; NULL: a NUL inside, an unknown escape, or empty. */
static char *field(span s)
{
	char *to = xmalloc(s.n + 1);
	size_t n = 0;
	bool good = s.n && !memchr(s.p, 0, s.n);
	for (size_t i = 0; good && i < s.n; i++) {
		char c = s.p[i];
		if (c == '\\') {
			char e = ++i < s.n ? s.p[i] : 0;
			good = e == 't' || e == 'n' || e == '\\';
			c = e == 't' ? '\t' : e == 'n' ? '\n' : '\\';
		}
		to[n++] = c;
	}
	to[n] = 0;
	if (good)
		return to;
	free(to);
	return NULL;
}

bool login_account_read(span fields, login_account *a)
{
	uint64_t uid = 0, gid = 0;
	span address = span_cut(&fields, '\t'), maildir = span_cut(&fields, '\t');
	span u = span_cut(&fields, '\t'), g = fields;
	*a = (login_account){.has_owner = u.n || g.n};
	if (a->has_owner &&
	    (!span_u64(u, UINT32_MAX - 1, &uid) || !span_u64(g, UINT32_MAX - 1, &gid)))
		return false;
	a->uid = (uid_t)uid;
	a->gid = (gid_t)gid;
	a->address = field(address);
	a->maildir = field(maildir);
	if (a->address && a->maildir && a->maildir[0] == '/')
		return true;
	login_account_free(a);
	return false;
}

/* A child of ours. */
static bool start_own(login_helper *h, int input, int output)
{
	char program[PATH_MAX];
	char *const argv[] = {program, NULL};
	proc_fds fds = {.in = input, .out = output, .err = -1, .extra = -1, .extra_as = -1};
	h->pid = proc_beside("auth-check", program) ? proc_spawn(argv, NULL, fds) : -1;
	return h->pid > 0;
}

static bool start_by_gate(login_helper *h, int gate, int input, int output)
{
	int ends[2];
	const char *ip = getenv("TCPREMOTEIP");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	bool done = auth_gate_ask(gate, ip ? ip : "", input, output, ends[1]);
	(void)close(ends[1]);
	if (done)
		h->status = ends[0];
	else
		(void)close(ends[0]);
	return done;
}

bool login_helper_start(login_helper *h, int gate)
{
	int down[2], ends[2];
	*h = (login_helper){.status = -1};
	if (pipe2(down, O_CLOEXEC) < 0)
		return false;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		(void)close(down[0]);
		(void)close(down[1]);
		return false;
	}
	h->running =
	    gate < 0 ? start_own(h, down[0], ends[1]) : start_by_gate(h, gate, down[0], ends[1]);
	(void)close(down[0]);
	(void)close(ends[1]);
	h->to = down[1];
	if (h->running) {
		in_open(&h->from, ends[0], HELPER_LINE_MAX);
		return true;
	}
	(void)close(down[1]);
	(void)close(ends[0]);
	return false;
}

static void let_go(login_helper *h)
{
	(void)close(h->from.fd);
	in_close(&h->from);
	if (h->status >= 0)
		(void)close(h->status);
	*h = (login_helper){.status = -1};
}

void login_helper_end(login_helper *h)
{
	if (!h->running)
		return;
	(void)close(h->to);
	/* It ends by itself at the end of its input, or is of no use any more. */
	if (h->pid > 0) {
		(void)kill(h->pid, SIGKILL);
		while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	let_go(h);
}

/* Of the gate's: whatever it does not say is no 0. */
static int told_code(int fd, int64_t deadline)
{
	unsigned char code;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	while (poll(&p, 1, clock_left(deadline)) < 0 && errno == EINTR)
		;
	return p.revents && read(fd, &code, 1) == 1 ? code : EX_TEMPFAIL;
}

/* "OK" counts only from a helper that then exits 0. */
static enum login_answer end_well(login_helper *h, span fields, login_account *a)
{
	int64_t deadline = clock_ms() + HELPER_MS;
	(void)close(h->to);
	int code = h->pid > 0 ? proc_wait(h->pid, deadline) : told_code(h->status, deadline);
	bool good = code == 0 && login_account_read(fields, a);
	let_go(h);
	return good ? LOGIN_YES : LOGIN_TEMP;
}

static enum login_answer refused(span rest, str *text)
{
	span word = span_word(&rest);
	str_clear(text);
	(void)str_put(text, span_sub(span_trim(rest), 0, LOGIN_TEXT_MAX - 1));
	return span_eq(word, S("AUTH"))	 ? LOGIN_WRONG
	       : span_eq(word, S("BAD")) ? LOGIN_BAD
					 : LOGIN_TEMP;
}

enum login_answer login_helper_ask(login_helper *h, span line, str *text, login_account *a)
{
	span answer;
	enum login_answer result = LOGIN_TEMP;
	str_clear(text);
	h->from.deadline = clock_ms() + HELPER_MS;
	if (!h->running || !write_all(h->to, line) || !write_all(h->to, S("\n")) ||
	    in_line(&h->from, HELPER_LINE_MAX, &answer) != IN_OK || !span_ends(answer, S("\n"))) {
		login_helper_end(h);
		return LOGIN_TEMP;
	}
	answer = span_chomp(answer);
	span rest = answer, word = span_cut(&rest, ' ');
	if (span_eq(word, S("+")) && rest.n <= LOGIN_LINE_MAX) {
		(void)str_put(text, rest);
		return LOGIN_MORE;
	}
	if (span_eq(word, S("OK")))
		return end_well(h, rest, a);
	if (span_eq(word, S("NO")))
		result = refused(rest, text);
	login_helper_end(h);
	return result;
}
