#include "auth/answer_serve.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "auth/answer.h"
#include "auth/sasl_client.h"
#include "auth/token.h"
#include "base/arena.h"
#include "mail/base64.h"
#include "mail/key.h"

typedef struct service {
	table *logins;
	arena mem; /* of the current exchange */
	str token;
	sasl_client client;
	bool open; /* an exchange goes on */
	str answer;
} service;

bool login_parse(span value, login *l)
{
	span rest = value, method = span_word(&rest), user = span_word(&rest);
	bool clear = span_eq(method, S("password-in-clear"));
	l->token = span_eq(method, S("token"));
	l->in_clear = clear;
	l->user = user;
	/* behind one blank, all of it: a password may begin or end with one */
	l->secret = span_sub(rest, 1, rest.n);
	return user.n && l->secret.n && (l->token || clear || span_eq(method, S("password"))) &&
	       !memchr(value.p, 0, value.n);
}

/* `line` 0: not the table's fault. */
static void refuse(service *s, size_t line, const char *text)
{
	str_clear(&s->answer);
	(void)str_printf(&s->answer, "!%zu %s", line, text);
}

static void end(service *s)
{
	if (s->open)
		sasl_client_end(&s->client);
	s->open = false;
	if (s->token.p)
		explicit_bzero(s->token.p, s->token.room);
	str_clear(&s->token);
	arena_reset(&s->mem);
}

/* The entry of a host, or of a user there; false where the answer is given already. */
static bool find(service *s, span user, span host, span *key, span *value)
{
	const char *error;
	size_t line;
	str text = str_new(1024);
	key_write(user.n ? user : host, user.n ? host : S(""), &text);
	*key = arena_dup(&s->mem, str_span(&text));
	bool over = text.over || !key->p;
	str_free(&text);
	enum table_result r =
	    over ? TABLE_ABSENT : table_get(s->logins, *key, &s->mem, value, &error, &line);
	if (r == TABLE_ERROR)
		refuse(s, line ? line : 1, error);
	else if (r != TABLE_FOUND && user.n)
		refuse(s, 1, "has no entry for the user that the route names");
	else if (r != TABLE_FOUND)
		(void)str_putc(&s->answer, '-');
	return r == TABLE_FOUND;
}

static void begin_mechanism(service *s, enum sasl_client_mechanism m, const login *l, span host)
{
	unsigned char nonce[SASL_CLIENT_NONCE];
	str first = str_new(SASL_CLIENT_MAX);
	if (getrandom(nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce) {
		refuse(s, 0, "no random octets");
		return;
	}
	sasl_client_begin(&s->client, m, l->user, l->secret, host, nonce);
	s->open = true;
	(void)str_putc(&s->answer, '+');
	(void)str_put(&s->answer, sasl_client_name(m));
	if (sasl_client_first(&s->client, &first)) {
		(void)str_putc(&s->answer, ' ');
		(void)base64_write(str_span(&first), &s->answer);
	}
	if (first.over || s->answer.over)
		refuse(s, 0, "the login is too long");
	if (first.p)
		explicit_bzero(first.p, first.room);
	str_free(&first);
}

static const char *nothing_fits(span offered, bool token)
{
	if (sasl_client_choose(offered, token, true) != SASL_CLIENT_NONE)
		return "no login: it would show the password to who listens";
	return offered.n ? "no login: the server offers no mechanism that fits"
			 : "no login: the server offers none";
}

static void begin(service *s, span question)
{
	span user = span_cut(&question, 0), host = span_cut(&question, 0);
	span private = span_cut(&question, 0), offered = span_trim(question), key, value;
	login l;
	end(s);
	host = arena_dup(&s->mem, host); /* it outlives the packet */
	if (!host.p || !find(s, user, host, &key, &value))
		return;
	if (!login_parse(value, &l)) {
		refuse(s, table_line(s->logins, key), "not METHOD USER SECRET");
		return;
	}
	enum sasl_client_mechanism m =
	    sasl_client_choose(offered, l.token, l.in_clear || span_eq(private, S("1")));
	if (m == SASL_CLIENT_NONE) {
		refuse(s, 0, nothing_fits(offered, l.token));
		return;
	}
	const char *wrong = l.token ? token_ask(l.secret, ANSWER_TOKEN_MS, &s->token) : NULL;
	if (l.token)
		l.secret = str_span(&s->token);
	if (wrong)
		refuse(s, table_line(s->logins, key), wrong);
	else
		begin_mechanism(s, m, &l, host);
}

static void challenge(service *s, span text)
{
	str raw = str_new(SASL_CLIENT_MAX), response = str_new(SASL_CLIENT_MAX);
	const char *wrong = "a challenge that is not base64";
	/* The questions of LOGIN are asked in whatever form. */
	if (s->open &&
	    (base64_read(span_trim(text), &raw) || s->client.mechanism == SASL_CLIENT_LOGIN))
		wrong = sasl_client_step(&s->client, str_span(&raw), &response);
	(void)str_putc(&s->answer, '+');
	(void)base64_write(str_span(&response), &s->answer);
	if (wrong)
		refuse(s, 0, wrong);
	if (response.p)
		explicit_bzero(response.p, response.room);
	str_free(&response);
	str_free(&raw);
}

/* The server's last word may come with its success, though SMTP knows no place for it (RFC 4954, 4): it is looked for. */
static void success(service *s, span text)
{
	bool believed = s->open && sasl_client_believe(&s->client, S(""));
	for (span word; s->open && !believed && (word = span_word(&text)).n > 0;) {
		str data = str_new(SASL_CLIENT_MAX);
		believed =
		    base64_read(word, &data) && sasl_client_believe(&s->client, str_span(&data));
		str_free(&data);
	}
	end(s);
	if (believed)
		(void)str_putc(&s->answer, '+');
	else
		refuse(s, 0, "the server does not know the password");
}

static void answer(service *s, span question)
{
	char letter = question.p[0];
	question = span_sub(question, 1, question.n);
	str_clear(&s->answer);
	if (letter == 'B')
		begin(s, question);
	else if (letter == 'C')
		challenge(s, question);
	else if (letter == 'E')
		success(s, question);
	else
		refuse(s, 0, "what?");
}

bool answer_serve(int socket, table *logins)
{
	char question[ANSWER_MAX];
	ssize_t n;
	service s = {.logins = logins,
		     .mem = arena_new(1 << 18),
		     .token = str_new(SASL_CLIENT_MAX / 2),
		     .answer = str_new(ANSWER_MAX)};
	while ((n = recv(socket, question, sizeof question, 0)) > 0 || (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		answer(&s, span_of(question, (size_t)n));
		if (s.answer.over)
			refuse(&s, 0, "the answer is too long");
		span all = str_span(&s.answer);
		if (send(socket, all.p, all.n, MSG_NOSIGNAL) < 0)
			break;
	}
	int error = errno;
	end(&s);
	if (s.answer.p)
		explicit_bzero(s.answer.p, s.answer.room);
	str_free(&s.answer);
	str_free(&s.token);
	arena_free(&s.mem);
	errno = error;
	return n == 0;
}
