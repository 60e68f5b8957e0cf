#include "queue/submit.h"

#include <pwd.h>

#include "io/clock.h"
#include "io/file.h"
#include "mail/base64.h"
#include "mail/complete.h"
#include "mail/date.h"
#include "mail/header.h"
#include "mail/trace.h"
#include "mail/utf8.h"

enum { MEM_MAX = 64 << 20, ENVELOPE_MAX = 20 << 20 };

void submit_open(submission *s, int fd, bool dot_ends)
{
	*s = (submission){.me = S(""), .from = S(""), .hostname = S("localhost")};
	s->mem = arena_new(MEM_MAX);
	s->head = str_new(SUBMIT_HEAD_MAX);
	s->env.xforward = S("");
	intake_open(&s->input, fd, dot_ends);
}

void submit_close(submission *s)
{
	intake_close(&s->input);
	str_free(&s->head);
	arena_free(&s->mem);
}

/* A local part alone is of this host. */
static bool complete_addr(const submission *s, addr *a)
{
	if (a->null || a->domain.n)
		return true;
	a->domain = s->me;
	return s->me.n != 0;
}

static bool take_addr(submission *s, span text, addr *a)
{
	span kept = arena_dup(&s->mem, text);
	return kept.p && addr_mailbox(kept, &s->mem, a) == ADDR_OK && complete_addr(s, a);
}

bool submit_sender(submission *s, span text)
{
	addr a;
	if (!take_addr(s, text, &a))
		return false;
	s->env.sender.addr = a;
	return true;
}

static bool add_rcpt(submission *s, const addr *a)
{
	envelope *e = &s->env;
	for (size_t i = 0; i < e->rcpt_count; i++)
		if (addr_eq(&e->rcpts[i].addr, a))
			return true;
	if (e->rcpt_count == ENVELOPE_RCPT_MAX)
		return false;
	if (e->rcpt_count == s->rcpt_room) {
		size_t room = s->rcpt_room ? s->rcpt_room * 2 : 8;
		envelope_path *more = arena_alloc(&s->mem, room * sizeof *more);
		if (!more)
			return false;
		if (e->rcpt_count)
			memcpy(more, e->rcpts, e->rcpt_count * sizeof *more);
		e->rcpts = more;
		s->rcpt_room = room;
	}
	e->rcpts[e->rcpt_count++] = (envelope_path){.addr = *a};
	return true;
}

bool submit_rcpt(submission *s, span text)
{
	addr a;
	return take_addr(s, text, &a) && !a.null && add_rcpt(s, &a);
}

status submit_envelope(submission *s, int fd)
{
	size_t used, line = 0, room = 0;
	char *text = NULL;
	struct stat st;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > ENVELOPE_MAX)
		return status_doubt("the envelope on descriptor %d is no seekable file", fd);
	off_t at = lseek(fd, 0, SEEK_CUR);
	if (at >= 0 && at < st.st_size) {
		room = (size_t)(st.st_size - at);
		text = arena_alloc(&s->mem, room);
	}
	ssize_t n = text ? file_pread(fd, text, room, at) : 0;
	if (at < 0 || n < 0)
		return status_doubt("the envelope on descriptor %d: %s", fd, strerror(errno));
	enum envelope_error e =
	    envelope_parse(span_of(text ? text : "", (size_t)n), &s->mem, &s->env, &used, &line);
	s->rcpt_room = s->env.rcpt_count;
	return e == ENVELOPE_OK
		   ? status_ok()
		   : status_doubt("the envelope, line %zu: %s", line, envelope_error_text(e));
}

/* From the fields To, Cc, Bcc; where the message is resent, from the Resent- ones alone (RFC 5322, 3.6.6). */
typedef struct gathering {
	submission *s;
	bool failed;
} gathering;

static void gather(void *arg, const addr *a, span name)
{
	gathering *g = arg;
	addr copy = *a;
	(void)name;
	if (!complete_addr(g->s, &copy) || !add_rcpt(g->s, &copy))
		g->failed = true;
}

static bool recipient_field(span name, bool resent)
{
	static const char *const names[] = {"To", "Cc", "Bcc"};
	if (resent && !span_startsi(name, S("Resent-")))
		return false;
	if (resent)
		name = span_sub(name, strlen("Resent-"), name.n);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eqi(name, span_str(names[i])))
			return true;
	return false;
}

static bool is_bcc(span name)
{
	return span_eqi(name, S("Bcc")) || span_eqi(name, S("Resent-Bcc"));
}

static bool is_resent(span head)
{
	header_field f;
	return header_get(head, "Resent-To", &f) || header_get(head, "Resent-Cc", &f) ||
	       header_get(head, "Resent-Bcc", &f);
}

static status take_recipients(submission *s)
{
	span rest = str_span(&s->head);
	gathering g = {.s = s};
	bool resent = is_resent(rest);
	header_field f;
	while (header_next(&rest, &f) == HEADER_FIELD) {
		if (!recipient_field(f.name, resent))
			continue;
		if (!addr_list(f.body, &s->mem, ENVELOPE_RCPT_MAX, gather, &g) || g.failed)
			return status_make(EX_DATAERR, 553, "5.1.3",
					   "the %.*s field holds what is not an address",
					   SPAN_FMT(f.name));
	}
	return status_ok();
}

/* Reads lines into `head` until the empty one; a header larger than what is looked at goes on as body. */
static status read_head(submission *s)
{
	span piece;
	for (;;) {
		bool at_start = s->input.line_start;
		switch (intake_next(&s->input, &piece)) {
		case INTAKE_OK:
			break;
		case INTAKE_END:
			s->body_begun = true;
			return status_ok();
		case INTAKE_BARE_CR:
			return status_make(EX_DATAERR, 550, "5.6.11", "a CR without LF");
		case INTAKE_ERROR:
			return status_doubt("standard input: %s", strerror(errno));
		}
		if (s->head.n + piece.n > SUBMIT_HEAD_MAX - INTAKE_PIECE) {
			str_put(&s->head, piece);
			s->body_begun = true;
			if (s->from_header)
				return status_make(EX_DATAERR, 554, "5.3.4",
						   "the header is too large");
			return status_ok();
		}
		str_put(&s->head, piece);
		if (at_start && span_eq(piece, S("\n")))
			return status_ok();
	}
}

/* mbox readers and formail give a "From " line first; it is no field and no part of the message. */
static void drop_mbox_line(submission *s)
{
	span head = str_span(&s->head);
	if (!s->complete || !span_starts(head, S("From ")))
		return;
	size_t n = span_find(head, '\n') + 1;
	if (n > head.n)
		n = head.n;
	memmove(s->head.p, s->head.p + n, head.n - n);
	str_cut(&s->head, head.n - n);
}

status submit_head(submission *s)
{
	header_field f;
	status st = read_head(s);
	if (!status_is_ok(&st))
		return st;
	drop_mbox_line(s);
	span head = str_span(&s->head), rest = head;
	if (head.n == 0)
		return status_doubt("the message is empty");
	if (header_next(&rest, &f) != HEADER_FIELD && !s->complete)
		return status_doubt("the message has no header");
	if (header_count(head, "Received") > SUBMIT_RECEIVED_MAX)
		return status_make(EX_DATAERR, 554, "5.4.6", "too many Received fields: mail loop");
	return s->from_header ? take_recipients(s) : status_ok();
}

/* "Full Name" <a@x>, encoded where it is not ASCII (RFC 2047). */
void submit_from(span full_name, const addr *a, str *to)
{
	bool ascii = true;
	for (size_t i = 0; i < full_name.n; i++) {
		ascii &= (unsigned char)full_name.p[i] < 0x80;
		if ((unsigned char)full_name.p[i] < 0x20 || full_name.p[i] == 0x7f)
			full_name = S("");
	}
	full_name = span_sub(full_name, 0, ascii ? 200 : 45); /* an encoded word is 75 at most */
	if (full_name.n && ascii) {
		str_putc(to, '"');
		for (size_t i = 0; i < full_name.n; i++) {
			if (full_name.p[i] == '"' || full_name.p[i] == '\\')
				str_putc(to, '\\');
			str_putc(to, full_name.p[i]);
		}
		str_put(to, S("\" "));
	} else if (full_name.n && utf8_valid(full_name)) {
		str_put(to, S("=?UTF-8?B?"));
		(void)base64_write(full_name, to);
		str_put(to, S("?= "));
	}
	str_putc(to, '<');
	addr_write(a, to);
	str_putc(to, '>');
}

bool submit_person(uid_t uid, arena *a, span *login, span *full_name)
{
	struct passwd entry, *found = NULL;
	char buf[8192];
	if (getpwuid_r(uid, &entry, buf, sizeof buf, &found) != 0 || !found)
		return false;
	span gecos = span_str(found->pw_gecos);
	*login = arena_dup(a, span_str(found->pw_name));
	*full_name = arena_dup(a, span_cut(&gecos, ','));
	return login->p && full_name->p;
}

/* RFC 5322, 3.6: Date and From must be there, Message-ID should. */
static void put_missing(submission *s, qadd *q, span head)
{
	str id = str_new(512), fields = str_new(SUBMIT_HEAD_MAX);
	complete c = {.from = s->from, .epoch = clock_now()};
	trace_message_id(span_str(q->id), s->me.n ? s->me : s->hostname, &id);
	c.message_id = str_span(&id);
	c.zone = date_local_zone(c.epoch);
	complete_missing(&c, head, &fields);
	qadd_put(q, str_span(&fields));
	str_free(&fields);
	str_free(&id);
}

/* The header, without Bcc where it named recipients; then what is behind it in `head`, with the empty line that a
 * body needs. */
static void put_head(submission *s, qadd *q)
{
	span head = str_span(&s->head), rest = head;
	header_field f;
	enum header_result r;
	if (s->complete)
		put_missing(s, q, head);
	if (!s->complete && !s->from_header) {
		qadd_put(q, head);
		return;
	}
	while ((r = header_next(&rest, &f)) == HEADER_FIELD)
		if (!(s->from_header && is_bcc(f.name)))
			qadd_put(q, f.raw);
	if (r == HEADER_GARBAGE || !s->body_begun || rest.n)
		qadd_put(q, S("\n"));
	qadd_put(q, rest);
}

status submit_put(submission *s, qadd *q, span trace_field)
{
	span piece;
	qadd_put(q, trace_field);
	put_head(s, q);
	while (!q->error)
		switch (intake_next(&s->input, &piece)) {
		case INTAKE_OK:
			qadd_put(q, piece);
			break;
		case INTAKE_END:
			return status_ok();
		case INTAKE_BARE_CR:
			return status_make(EX_DATAERR, 550, "5.6.11", "a CR without LF");
		case INTAKE_ERROR:
			return status_doubt("standard input: %s", strerror(errno));
		}
	return status_ok(); /* qadd_commit() says what went wrong */
}

void submit_trace(const submission *s, const char *id, str *to)
{
	int64_t now = clock_now();
	trace t = {.me = s->me,
		   .proto = S("local"),
		   .id = span_str(id),
		   .rcpt = s->env.rcpt_count == 1 ? &s->env.rcpts[0].addr : NULL,
		   .epoch = now,
		   .zone = date_local_zone(now)};
	trace_received(&t, to);
}
