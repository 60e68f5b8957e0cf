#include "auth/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "io/control.h"
#include "io/log.h"
#include "io/proc.h"

struct answerer {
	int socket;
	pid_t pid;
};

/* The queue's locks are open in this process for its lifetime: nothing but the socket goes on to the child. */
static pid_t start(int socket)
{
	char path[PATH_MAX];
	if (!proc_beside("auth-answer", path))
		return -1;
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	if (dup2(socket, STDIN_FILENO) >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0) {
		(void)close_range(STDERR_FILENO + 1, ~0U, 0);
		(void)execl(path, path, (char *)NULL);
	}
	_exit(EX_TEMPFAIL);
}

answerer *answer_open(status *why)
{
	int pair[2];
	*why = status_ok();
	if (!control_exists("smtp-logins")) {
		if (errno)
			*why = status_doubt("control/smtp-logins: %s", strerror(errno));
		return NULL;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		*why = status_doubt("no socket: %s", strerror(errno));
		return NULL;
	}
	pid_t pid = start(pair[1]);
	int error = errno;
	(void)close(pair[1]);
	if (pid < 0) {
		*why = status_doubt("auth-answer cannot be started: %s", strerror(error));
		(void)close(pair[0]);
		return NULL;
	}
	answerer *a = xcalloc(1, sizeof *a);
	*a = (answerer){.socket = pair[0], .pid = pid};
	return a;
}

void answer_close(answerer *a)
{
	if (!a)
		return;
	(void)close(a->socket);
	while (waitpid(a->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(a);
}

static status refused(span text)
{
	uint64_t line = 0;
	char words[400];
	(void)span_u64(span_cut(&text, ' '), SIZE_MAX, &line);
	(void)snprintf(words, sizeof words, "%.*s", SPAN_FMT(text));
	if (!line)
		return status_make(EX_TEMPFAIL, 0, "4.7.0", "%s", words);
	log_config_error("control/smtp-logins", line, words);
	return status_make(EX_TEMPFAIL, 451, "4.3.5", "control/smtp-logins: %s", words);
}

static ssize_t exchange(const answerer *a, span question, char *answer, size_t room)
{
	ssize_t n;
	if (send(a->socket, question.p, question.n, MSG_NOSIGNAL) < 0)
		return -1;
	do
		n = recv(a->socket, answer, room, 0);
	while (n < 0 && errno == EINTR);
	return n;
}

static status ask(answerer *a, const str *question, str *text)
{
	char answer[ANSWER_MAX];
	status st = status_ok();
	ssize_t n = question->over ? -1 : exchange(a, str_span(question), answer, sizeof answer);
	str_clear(text);
	if (n <= 0)
		return status_doubt("auth-answer does not answer");
	span words = span_of(answer + 1, (size_t)n - 1);
	if (answer[0] == '!')
		st = refused(words);
	else if (answer[0] == '+' && !str_put(text, words))
		st = status_doubt("auth-answer says too much");
	explicit_bzero(answer, sizeof answer);
	return st;
}

status answer_begin(answerer *a, span user, span host, bool private, span mechanisms, str *line)
{
	str question = str_new(ANSWER_MAX);
	if (!a) {
		str_clear(line);
		str_free(&question);
		return user.n ? status_make(EX_TEMPFAIL, 451, "4.3.5",
					    "control/smtp-logins has no entry for %.*s@%.*s",
					    SPAN_FMT(user), SPAN_FMT(host))
			      : status_ok();
	}
	(void)str_putc(&question, 'B');
	(void)str_put(&question, user);
	(void)str_putc(&question, 0);
	(void)str_put(&question, host);
	(void)str_putc(&question, 0);
	(void)str_putc(&question, private ? '1' : '0');
	(void)str_putc(&question, 0);
	(void)str_put(&question, mechanisms);
	status st = ask(a, &question, line);
	str_free(&question);
	return st;
}

static status ask_about(answerer *a, char letter, span what, str *text)
{
	str question = str_new(ANSWER_MAX);
	(void)str_putc(&question, letter);
	(void)str_put(&question, what);
	status st = ask(a, &question, text);
	str_free(&question);
	return st;
}

status answer_challenge(answerer *a, span challenge, str *response)
{
	return ask_about(a, 'C', challenge, response);
}

status answer_success(answerer *a, span text)
{
	str nothing = str_new(ANSWER_MAX);
	status st = ask_about(a, 'E', text, &nothing);
	str_free(&nothing);
	return st;
}
