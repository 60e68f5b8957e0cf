#include "run/talk.h"

#include <stdio.h>
#include <string.h>

#include "auth/login_record.h"
#include "run/front.h"

#define NUL span_of("", 1)

bool talk_send_verdict(int fd, const smtp_verdict *v)
{
	char text[VERDICT_MAX];
	int n = snprintf(text, sizeof text, "%d%c%d%c%s%c%s%c%d%c", v->st.code, 0, v->st.reply, 0,
			 v->st.enhanced, 0, v->st.text, 0, v->normalize_lf ? 1 : 0, 0);
	if (n < 0 || (size_t)n >= sizeof text) {
		errno = EMSGSIZE;
		return false;
	}
	span payload = {text, (size_t)n};
	return frame_send(fd, 'V', &payload, 1);
}

static bool number_field(span *payload, int *to)
{
	span field;
	uint64_t value;
	if (!frame_field(payload, &field) || !span_u64(field, 999, &value))
		return false;
	*to = (int)value;
	return true;
}

static bool text_field(span *payload, char *to, size_t room)
{
	span field;
	if (!frame_field(payload, &field) || field.n >= room)
		return false;
	memcpy(to, field.p, field.n);
	to[field.n] = 0;
	return true;
}

bool talk_status(span payload, status *st)
{
	*st = (status){.code = EX_DATAERR};
	return number_field(&payload, &st->reply) &&
	       text_field(&payload, st->enhanced, sizeof st->enhanced) &&
	       text_field(&payload, st->text, sizeof st->text);
}

bool talk_recv_verdict(in *from, smtp_verdict *v)
{
	char type, text[VERDICT_MAX];
	size_t n;
	int lf = 0;
	*v = (smtp_verdict){.normalize_lf = false};
	if (frame_recv(from, &type, text, sizeof text, &n) != IN_OK || type != 'V')
		return false;
	span rest = {text, n};
	if (!number_field(&rest, &v->st.code) || !number_field(&rest, &v->st.reply) ||
	    !text_field(&rest, v->st.enhanced, sizeof v->st.enhanced) ||
	    !text_field(&rest, v->st.text, sizeof v->st.text) || !number_field(&rest, &lf))
		return false;
	v->normalize_lf = lf == 1;
	return true;
}

static bool tell(talk *t, char type, const span *parts, size_t count)
{
	int passed = t->connection;
	t->connection = -1;
	return frame_send_behind(t->fd, 'C', passed, type, parts, count);
}

static bool ask_rcpt(void *arg, span mail, span rcpt, smtp_verdict *v)
{
	talk *t = arg;
	span parts[] = {mail, NUL, rcpt, NUL};
	return tell(t, 'R', parts, 4) && talk_recv_verdict(&t->from, v);
}

static bool ask_message(void *arg, span hello, bool esmtp, span message, smtp_verdict *v)
{
	talk *t = arg;
	span parts[] = {hello, NUL, esmtp ? S("ESMTP") : S("SMTP"), NUL, message};
	return tell(t, 'M', parts, 5) && talk_recv_verdict(&t->from, v);
}

static bool tell_begin(void *arg, span hello, bool esmtp)
{
	talk *t = arg;
	span parts[] = {hello, NUL, esmtp ? S("ESMTP") : S("SMTP"), NUL};
	return tell(t, 'B', parts, 4);
}

static bool tell_data(void *arg, span octets)
{
	talk *t = arg;
	return tell(t, 'D', &octets, 1);
}

static bool ask_commit(void *arg, smtp_verdict *v)
{
	talk *t = arg;
	return tell(t, 'F', NULL, 0) && talk_recv_verdict(&t->from, v);
}

static bool tell_refusal(void *arg, const status *why)
{
	talk *t = arg;
	char reply[8];
	(void)snprintf(reply, sizeof reply, "%d", why->reply);
	span parts[] = {span_str(reply),     NUL, span_str(why->enhanced), NUL,
			span_str(why->text), NUL};
	return tell(t, 'X', parts, 6);
}

bool talk_send_login(int fd, enum login_answer a, span text)
{
	return frame_send(fd, login_letter(a), &text, 1);
}

static bool ask_stage(void *arg, enum smtp_stage stage, span words, smtp_verdict *v)
{
	talk *t = arg;
	char digit = (char)('0' + stage);
	span parts[] = {span_of(&digit, 1), words};
	return tell(t, 'G', parts, 2) && talk_recv_verdict(&t->from, v);
}

static bool ask_attributes(void *arg, bool client, span args, smtp_verdict *v)
{
	talk *t = arg;
	span parts[] = {client ? S("C") : S("F"), args};
	return tell(t, 'U', parts, 2) && talk_recv_verdict(&t->from, v);
}

static bool ask_auth(void *arg, bool first, span line, enum login_answer *a, str *text)
{
	talk *t = arg;
	char type, words[LOGIN_LINE_MAX];
	size_t n;
	span parts[] = {first ? S("S") : S("R"), line};
	str_clear(text);
	if (!tell(t, 'A', parts, 2) ||
	    frame_recv(&t->from, &type, words, sizeof words, &n) != IN_OK)
		return false;
	*a = login_answer_of(type);
	return str_put(text, span_of(words, n));
}

static bool heard_tls(talk *t)
{
	char type, text[8];
	size_t n;
	return frame_recv(&t->from, &type, text, sizeof text, &n) == IN_OK && type == 'C' && !n &&
	       frame_recv(&t->from, &type, text, sizeof text, &n) == IN_OK && type == 'T' &&
	       n == 1 && t->passed >= 0;
}

static bool ask_tls(void *arg)
{
	talk *t = arg;
	t->passed = -1;
	t->from.passed = &t->passed;
	bool done = (t->connection < 0 || tell(t, 'O', NULL, 0)) &&
		    frame_send_behind(t->fd, 'N', t->client_in->fd, 'T', NULL, 0) && heard_tls(t);
	t->from.passed = NULL;
	if (!done)
		return false;
	login_move(t->client_in, t->client_out, t->passed);
	front_client(t->passed);
	return true;
}

void talk_open(talk *t, int fd)
{
	t->fd = fd;
	t->connection = -1;
	in_open(&t->from, fd, VERDICT_MAX);
}

void talk_close(talk *t)
{
	in_close(&t->from);
}

smtp_keeper talk_keeper(talk *t)
{
	return (smtp_keeper){
	    .arg = t,
	    .rcpt = ask_rcpt,
	    .message = ask_message,
	    .begin = tell_begin,
	    .data = tell_data,
	    .commit = ask_commit,
	    .refuse = tell_refusal,
	    .stage = ask_stage,
	    .attributes = ask_attributes,
	    .auth = ask_auth,
	    .tls = ask_tls,
	};
}

void talk_client(talk *t, in *from, out *to)
{
	t->client_in = from;
	t->client_out = to;
}

void talk_connection(talk *t, int connection)
{
	t->connection = connection;
}
