/* The data of a message: read, converted, and handed to the keeper: in one piece where it is small,
 * else in pieces as it comes, so that no message chooses our memory. */
#include "smtp/session.h"

#include <string.h>

#include "base/die.h"
#include "io/clock.h"
#include "mail/header.h"
#include "smtp/answer.h"
#include "smtp/gate.h"

enum { MESSAGE_ROOM = SERVER_SMALL + SERVER_IN + DATA_SLACK };

static status refusal(int reply, const char *enhanced, const char *text)
{
	return status_make(EX_DATAERR, reply, enhanced, "%s", text);
}

static void drop(smtp_receipt *r, status why)
{
	if (!r->dropping)
		r->why = why;
	r->dropping = true;
	r->n = 0;
}

static void judge(smtp_session *s, smtp_receipt *r)
{
	if (r->d.bare_cr || (r->d.bare_lf && !s->normalize_lf))
		drop(r,
		     refusal(550, "5.6.11", "lines end with CRLF: a bare CR or LF is not allowed"));
	else if (r->d.wire > s->limits->max_size)
		drop(r, refusal(552, "5.3.4", "message is larger than this system takes"));
}

/* RFC 5321, 6.3. The header of a message in a loop fits into what is kept. */
static void judge_loop(smtp_session *s, smtp_receipt *r)
{
	if (!r->dropping &&
	    header_count(span_of(s->message, r->n), "Received") >= SERVER_RECEIVED_MAX)
		drop(r, refusal(554, "5.4.6",
				"too many Received fields: this message goes in circles"));
}

/* What is buffered goes to the keeper; false where it is gone. */
static bool hand_over(smtp_session *s, smtp_receipt *r)
{
	const smtp_keeper *k = s->keeper;
	if (!r->streaming) {
		judge_loop(s, r);
		if (r->dropping)
			return true;
		if (!k->begin(k->arg, s->hello, s->esmtp))
			return false;
		r->streaming = true;
	}
	bool done = k->data(k->arg, span_of(s->message, r->n));
	r->n = 0;
	return done;
}

/* Converts what has come, at most `most` octets of it. Sets *over where the keeper is gone. */
static enum in_result one_piece(smtp_session *s, smtp_receipt *r, uint64_t *most)
{
	span got;
	s->in->deadline = gate_deadline(s);
	enum in_result result =
	    gate_too_slow(s, r->began, r->d.wire) ? IN_TIMEOUT : in_peek(s->in, &got);
	if (result != IN_OK)
		return result;
	if (got.n > *most)
		got.n = (size_t)*most;
	span rest = got;
	r->n += data_convert(&r->d, &rest, s->message + r->n);
	in_skip(s->in, got.n - rest.n);
	*most -= got.n - rest.n;
	if (r->n)
		r->last = s->message[r->n - 1];
	judge(s, r);
	if (r->dropping)
		r->n = 0;
	else if (r->n > SERVER_SMALL && !hand_over(s, r))
		session_keeper_gone(s);
	return IN_OK;
}

static void finish(smtp_session *s, smtp_receipt *r)
{
	const smtp_keeper *k = s->keeper;
	smtp_verdict v = {.normalize_lf = false};
	bool alive;
	if (!r->streaming)
		judge_loop(s, r);
	if (r->dropping) {
		v.st = r->why;
		alive = k->refuse(k->arg, &r->why);
	} else if (r->streaming) {
		alive = k->data(k->arg, span_of(s->message, r->n)) && k->commit(k->arg, &v);
	} else {
		alive = k->message(k->arg, s->hello, s->esmtp, span_of(s->message, r->n), &v);
	}
	if (!alive)
		session_keeper_gone(s);
	else
		for (uint64_t i = s->limits->lmtp ? s->rcpts : 1; i > 0 && !s->over; i--)
			session_status(s,
				       &v.st); /* RFC 2033, 4.2: one for each that was accepted */
}

static void lost(smtp_session *s, enum in_result result, const char *where)
{
	status why = status_make(EX_TEMPFAIL, 421, "4.4.2", "connection lost in %s", where);
	(void)s->keeper->refuse(s->keeper->arg, &why);
	session_lost(s, result);
}

/* A kept session gives the pages back. */
static void give_back(smtp_session *s, const smtp_receipt *r)
{
	if (r->d.wire > SERVER_IN) {
		free(s->message);
		s->message = NULL;
	}
}

void session_receive(smtp_session *s)
{
	smtp_receipt r = {.began = clock_ms()};
	uint64_t most = UINT64_MAX;
	enum in_result result = IN_OK;
	if (!s->message)
		s->message = xmalloc(MESSAGE_ROOM);
	while (result == IN_OK && r.d.state != DATA_END && !s->over)
		result = one_piece(s, &r, &most);
	if (result != IN_OK)
		lost(s, result, "DATA");
	else if (!s->over)
		finish(s, &r);
	give_back(s, &r);
}

/* The last chunk may end inside a line: text in the queue does not. */
static void end_of_chunks(smtp_session *s, smtp_receipt *r)
{
	if (r->d.state == DATA_CR)
		r->d.bare_cr = true;
	judge(s, r);
	if (!r->dropping && r->last && r->last != '\n')
		s->message[r->n++] = '\n';
}

void session_forget_chunks(smtp_session *s)
{
	status why = status_make(EX_TEMPFAIL, 0, "", "given up between chunks");
	(void)s->keeper->refuse(s->keeper->arg, &why);
	give_back(s, s->receipt);
	s->state = AT_HELLO;
}

/* After an answer of 4yz or 5yz in the middle nothing is left of the transaction: chunks that are under way
 * already get their 503. */
void session_chunk(smtp_session *s, uint64_t octets, bool last)
{
	enum in_result result = IN_OK;
	if (!s->receipt)
		s->receipt = xmalloc(sizeof *s->receipt);
	smtp_receipt *r = s->receipt;
	if (s->state == AT_RCPT)
		*r = (smtp_receipt){.d = {.state = DATA_PART, .chunk = true}, .began = clock_ms()};
	s->state = AT_CHUNK;
	if (!s->message)
		s->message = xmalloc(MESSAGE_ROOM);
	while (result == IN_OK && octets && !s->over)
		result = one_piece(s, r, &octets);
	if (result == IN_OK && !s->over && !last && !r->dropping) {
		answer_put(s->out, 250, "2.0.0", S("chunk taken"));
		return;
	}
	if (result != IN_OK) {
		lost(s, result, "BDAT");
	} else if (!s->over) {
		if (last)
			end_of_chunks(s, r);
		finish(s, r);
	}
	give_back(s, r);
	s->state = AT_HELLO;
	session_reset(s);
}

bool session_drop_chunk(smtp_session *s, uint64_t octets)
{
	span got;
	while (octets) {
		s->in->deadline = gate_deadline(s);
		enum in_result result = in_peek(s->in, &got);
		if (result != IN_OK) {
			session_lost(s, result);
			return false;
		}
		size_t n = got.n > octets ? (size_t)octets : got.n;
		in_skip(s->in, n);
		octets -= n;
	}
	return true;
}
