/* The data of a message: read, converted, and handed to the keeper: in one piece where it is small,
 * else in pieces as it comes, so that no message chooses our memory. */
#include "smtp/session.h"

#include <string.h>

#include "base/die.h"
#include "io/clock.h"
#include "mail/header.h"
#include "smtp/data.h"

enum { MESSAGE_ROOM = SERVER_SMALL + SERVER_IN + DATA_SLACK };

typedef struct receipt {
	data d;
	size_t n;	/* octets in s->message */
	bool streaming; /* begin() was called */
	bool dropping;	/* it will be refused: read on, keep nothing */
	status why;	/* to refuse with */
} receipt;

static status refusal(int reply, const char *enhanced, const char *text)
{
	return status_make(EX_DATAERR, reply, enhanced, "%s", text);
}

static void drop(receipt *r, status why)
{
	if (!r->dropping)
		r->why = why;
	r->dropping = true;
	r->n = 0;
}

static void judge(smtp_session *s, receipt *r)
{
	if (r->d.bare_cr || (r->d.bare_lf && !s->normalize_lf))
		drop(r,
		     refusal(550, "5.6.11", "lines end with CRLF: a bare CR or LF is not allowed"));
	else if (r->d.wire > s->limits->max_size)
		drop(r, refusal(552, "5.3.4", "message is larger than this system takes"));
}

/* RFC 5321, 6.3. The header of a message in a loop fits into what is kept. */
static void judge_loop(smtp_session *s, receipt *r)
{
	if (!r->dropping &&
	    header_count(span_of(s->message, r->n), "Received") >= SERVER_RECEIVED_MAX)
		drop(r, refusal(554, "5.4.6",
				"too many Received fields: this message goes in circles"));
}

/* What is buffered goes to the keeper; false where it is gone. */
static bool hand_over(smtp_session *s, receipt *r)
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

/* Converts what has come. Sets *over where the keeper is gone. */
static enum in_result one_piece(smtp_session *s, receipt *r)
{
	span got;
	s->in->deadline = clock_ms() + s->limits->idle_ms;
	enum in_result result = in_peek(s->in, &got);
	if (result != IN_OK)
		return result;
	span rest = got;
	r->n += data_convert(&r->d, &rest, s->message + r->n);
	in_skip(s->in, got.n - rest.n);
	judge(s, r);
	if (r->dropping)
		r->n = 0;
	else if (r->n > SERVER_SMALL && !hand_over(s, r))
		session_keeper_gone(s);
	return IN_OK;
}

static void finish(smtp_session *s, receipt *r)
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
	if (alive)
		session_status(s, &v.st);
	else
		session_keeper_gone(s);
}

void session_receive(smtp_session *s)
{
	receipt r = {.n = 0};
	enum in_result result = IN_OK;
	if (!s->message)
		s->message = xmalloc(MESSAGE_ROOM);
	while (result == IN_OK && r.d.state != DATA_END && !s->over)
		result = one_piece(s, &r);
	if (result != IN_OK) {
		status lost = status_make(EX_TEMPFAIL, 421, "4.4.2", "connection lost in DATA");
		(void)s->keeper->refuse(s->keeper->arg, &lost);
		session_lost(s, result);
	} else if (!s->over) {
		finish(s, &r);
	}
	if (r.d.wire > SERVER_IN) { /* a kept session gives the pages back */
		free(s->message);
		s->message = NULL;
	}
}
