#include "run/login_helper.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include "base/die.h"
#include "base/status.h"
#include "io/clock.h"
#include "io/out.h"
#include "io/proc.h"

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

bool login_helper_start(login_helper *h, const char *program)
{
	int down[2], ends[2];
	char *const argv[] = {(char *)(uintptr_t)program, NULL};
	h->pid = 0;
	if (pipe2(down, O_CLOEXEC) < 0)
		return false;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		(void)close(down[0]);
		(void)close(down[1]);
		return false;
	}
	proc_fds fds = {.in = down[0], .out = ends[1], .err = -1, .extra = -1, .extra_as = -1};
	pid_t pid = proc_spawn(argv, NULL, fds);
	(void)close(down[0]);
	(void)close(ends[1]);
	h->to = down[1];
	in_open(&h->from, ends[0], HELPER_LINE_MAX);
	h->pid = pid > 0 ? pid : 0;
	if (pid > 0)
		return true;
	(void)close(h->to);
	(void)close(ends[0]);
	in_close(&h->from);
	return false;
}

void login_helper_end(login_helper *h)
{
	if (!h->pid)
		return;
	(void)close(h->to);
	(void)close(h->from.fd);
	in_close(&h->from);
	/* It ends by itself at the end of its input, or is of no use any more. */
	(void)kill(h->pid, SIGKILL);
	while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
		;
	h->pid = 0;
}

/* "OK" counts only from a helper that then exits 0. */
static enum login_answer end_well(login_helper *h, span fields, login_account *a)
{
	pid_t pid = h->pid;
	(void)close(h->to);
	h->pid = 0;
	bool good = proc_wait(pid, clock_ms() + HELPER_MS) == 0 && login_account_read(fields, a);
	(void)close(h->from.fd);
	in_close(&h->from);
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
	if (!h->pid || !write_all(h->to, line) || !write_all(h->to, S("\n")) ||
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
