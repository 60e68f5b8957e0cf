#include "auth/login.h"

#include <string.h>
#include <unistd.h>

#include "auth/login_record.h"
#include "mail/base64.h"

char login_letter(enum login_answer a)
{
	return a == LOGIN_MORE	  ? '+'
	       : a == LOGIN_YES	  ? 'Y'
	       : a == LOGIN_WRONG ? 'W'
	       : a == LOGIN_BAD	  ? 'B'
	       : a == LOGIN_GONE  ? 'G'
				  : 'T';
}

enum login_answer login_answer_of(char type)
{
	switch (type) {
	case '+':
		return LOGIN_MORE;
	case 'Y':
		return LOGIN_YES;
	case 'W':
		return LOGIN_WRONG;
	case 'T':
		return LOGIN_TEMP;
	case 'B':
		return LOGIN_BAD;
	default:
		return LOGIN_GONE;
	}
}

static enum login_answer hear(login_talk *t, str *challenge)
{
	char type, payload[LOGIN_LINE_MAX];
	size_t n = 0;
	t->text[0] = 0;
	if (frame_recv(&t->from, &type, payload, sizeof payload, &n) != IN_OK)
		return LOGIN_GONE;
	enum login_answer a = login_answer_of(type);
	if (a == LOGIN_MORE && !str_put(challenge, span_of(payload, n)))
		return LOGIN_GONE;
	if (a != LOGIN_MORE && n < sizeof t->text) {
		memcpy(t->text, payload, n);
		t->text[n] = 0;
	}
	return a;
}

enum login_answer login_start(login_talk *t, span mechanism, span initial, str *challenge)
{
	span parts[] = {mechanism, S(" "), initial};
	bool given = initial.p != NULL;
	if (mechanism.n + initial.n + 1 > LOGIN_LINE_MAX - 2)
		return LOGIN_BAD;
	if (!frame_send(t->monitor, 'S', parts, given ? 3 : 1))
		return LOGIN_GONE;
	return hear(t, challenge);
}

enum login_answer login_respond(login_talk *t, span response, str *challenge)
{
	if (response.n > LOGIN_LINE_MAX - 2)
		response = S("*");
	if (!frame_send(t->monitor, 'R', &response, 1))
		return LOGIN_GONE;
	return hear(t, challenge);
}

enum login_answer login_password(login_talk *t, span user, span password)
{
	str plain = str_new(LOGIN_LINE_MAX / 2), text = str_new(LOGIN_LINE_MAX);
	enum login_answer a = LOGIN_WRONG;
	bool nul = (user.n && memchr(user.p, 0, user.n)) ||
		   (password.n && memchr(password.p, 0, password.n));
	if (!nul && user.n && password.n && str_putc(&plain, 0) && str_put(&plain, user) &&
	    str_putc(&plain, 0) && str_put(&plain, password) &&
	    base64_write(str_span(&plain), &text)) {
		a = login_start(t, S("PLAIN"), str_span(&text), &text);
		if (a == LOGIN_MORE) /* PLAIN has no second step */
			a = LOGIN_TEMP;
	}
	if (plain.p)
		explicit_bzero(plain.p, plain.n);
	if (text.p)
		explicit_bzero(text.p, text.n);
	str_free(&plain);
	str_free(&text);
	return a;
}

void login_move(in *from, out *to, int fd)
{
	int was[2] = {from->fd, to->fd};
	in_reset(from, fd);
	out_reset(to, fd);
	(void)close(was[0]);
	if (was[1] != was[0])
		(void)close(was[1]);
}

bool login_start_tls(login_talk *t)
{
	char type, flags[8];
	size_t n = 0;
	t->passed = -1;
	t->from.passed = &t->passed;
	int64_t deadline = t->in->deadline; /* of all until the login: it goes on */
	bool came = out_flush(t->out) && frame_send(t->monitor, 'T', NULL, 0) &&
		    frame_recv(&t->from, &type, flags, sizeof flags, &n) == IN_OK && type == 'C' &&
		    n == 0 && frame_recv(&t->from, &type, flags, sizeof flags, &n) == IN_OK &&
		    type == 'T' && n == 2 && t->passed >= 0;
	t->from.passed = NULL;
	if (!came)
		return false;
	login_move(t->in, t->out, t->passed);
	if (t->moved)
		t->moved(t->passed);
	t->passed = -1;
	t->in->deadline = deadline;
	t->allowed = flags[0] == '1';
	t->tls = flags[1] == '0' + LOGIN_TLS_ACTIVE ? LOGIN_TLS_ACTIVE : LOGIN_TLS_NONE;
	return t->tls == LOGIN_TLS_ACTIVE;
}
