#include "maildir/piece.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "io/file.h"
#include "io/out.h"
#include "mail/crlf.h"
#include "mail/header.h"

enum {
	CHUNK = 256 * 1024,
	HEADER_LOOK = 1 << 20, /* octets in which Delivered-To is looked for */
};

typedef struct copying {
	const maildir_job *job;
	int to;
	char *buf;    /* CHUNK octets behind `front` */
	size_t front; /* octets of trace fields at the start of buf, not yet written */
	bool crlf;    /* the message's lines end in CRLF */
	bool cr;      /* the last octet seen was CR */
	bool cr_held; /* and is not written yet */
	piece *p;
} copying;

status piece_error(int error, const char *doing, const char *where)
{
	if (error == ENOSPC)
		return status_make(EX_TEMPFAIL, 452, "4.3.1", "no space left");
	if (error == EDQUOT)
		return status_make(EX_TEMPFAIL, 452, "4.2.2",
				   "the mailbox's disk quota is used up");
	return status_doubt("%s %s: %s", doing, where, strerror(error));
}

static bool clean(span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

/* RFC 5321, 4.4: Return-Path by the system of the final delivery, at the very top. */
static void trace_fields(const maildir_job *j, str *to)
{
	if (j->sender.p)
		(void)str_printf(to, "Return-Path: <%.*s>\n", SPAN_FMT(j->sender));
	if (j->recipient.p)
		(void)str_printf(to, "Delivered-To: %.*s\n", SPAN_FMT(j->recipient));
}

/* Whether a Delivered-To field names this recipient already: the mail came round. */
static bool was_here(span header, span recipient)
{
	header_field f;
	bool found = false;
	str value = str_new(4096);
	while (!found && header_next(&header, &f) == HEADER_FIELD) {
		if (!span_eqi(f.name, S("Delivered-To")))
			continue;
		str_clear(&value);
		header_unfold(f.body, &value);
		found = span_eqi(str_span(&value), recipient);
	}
	str_free(&value);
	return found;
}

/* The header of a message that is longer than one chunk may be too; a second, larger look. */
static bool was_here_far(const maildir_job *j)
{
	char *buf = xmalloc(HEADER_LOOK);
	ssize_t n = file_pread(j->fd, buf, HEADER_LOOK, j->offset);
	bool found = n > 0 && was_here(span_of(buf, (size_t)n), j->recipient);
	free(buf);
	return found;
}

static status judge(const copying *c, span first, bool whole)
{
	header_field f;
	span rest = first;
	const maildir_job *j = c->job;
	if (!first.n)
		return status_doubt("the message is empty");
	if (header_next(&rest, &f) != HEADER_FIELD)
		return status_doubt("the message has no header");
	bool far = !whole && header_size(first) == first.n;
	if (j->recipient.n && (far ? was_here_far(j) : was_here(first, j->recipient)))
		return status_make(EX_UNAVAILABLE, 554, "5.4.6",
				   "mail loop: this mailbox had the message before");
	return status_ok();
}

/* CRLF to LF in place; a CR at the end of the chunk waits for what follows. */
static size_t drop_crs(copying *c, char *p, size_t n, bool last)
{
	size_t to = 0;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\r' && (i + 1 < n ? p[i + 1] == '\n' : !last)) {
			c->cr_held = i + 1 == n;
			continue;
		}
		p[to++] = p[i];
	}
	return to;
}

/* Writes the trace fields that still wait and n octets behind them. */
static bool flush(copying *c, size_t n)
{
	span all = span_of(c->buf, c->front + n);
	c->front = 0;
	c->p->octets += all.n;
	c->p->wire += crlf_size(all, &c->cr, NULL);
	if (all.n)
		c->p->open_end = all.p[all.n - 1] != '\n';
	return write_all(c->to, all);
}

/* One chunk, which starts behind the trace fields. */
static bool put_chunk(copying *c, size_t n, bool last)
{
	if (!c->crlf)
		return flush(c, n);
	char *p = c->buf + c->front;
	if (c->cr_held) { /* only behind the first chunk: front is 0, and there is room before it */
		memmove(p + 1, p, n++);
		p[0] = '\r';
		c->cr_held = false;
	}
	return flush(c, drop_crs(c, p, n, last));
}

static status copy(copying *c)
{
	off_t at = c->job->offset;
	for (bool first = true;; first = false) {
		ssize_t n = file_pread(c->job->fd, c->buf + c->front, CHUNK, at);
		if (n < 0)
			return piece_error(errno, "read", "the message");
		span got = span_of(c->buf + c->front, (size_t)n);
		bool last = n < CHUNK;
		if (first) {
			status st = judge(c, got, last);
			if (!status_is_ok(&st))
				return st;
			size_t lf = span_find(got, '\n');
			c->crlf = lf > 0 && lf < got.n && got.p[lf - 1] == '\r';
		}
		if (!put_chunk(c, (size_t)n, last))
			return piece_error(errno, "write into", c->job->dir);
		if (last)
			return status_ok();
		at += n;
	}
}

status piece_write(const maildir_job *j, int fd, piece *p)
{
	str trace = str_new(8192);
	*p = (piece){0};
	if (!clean(j->sender) || !clean(j->recipient))
		return status_doubt("a control octet in the envelope");
	trace_fields(j, &trace);
	copying c = {.job = j, .to = fd, .front = trace.n, .p = p};
	c.buf = xmalloc(trace.n + CHUNK + 1);
	memcpy(c.buf, str_cstr(&trace), trace.n);
	status st = trace.over ? status_doubt("the envelope is too long") : copy(&c);
	free(c.buf);
	str_free(&trace);
	return st;
}
