#include "smtp/sender_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/die.h"
#include "io/file.h"
#include "io/log.h"
#include "io/out.h"
#include "mail/header.h"
#include "mail/key.h"

enum { HEADER_MOST = 1 << 20, ADDRESSES_MAX = 1000, TABLE_MEMORY = 1 << 18 };

static status bad_table(table *t, span key, size_t line, const char *what)
{
	log_config_error("control/sender-map", line ? line : table_line(t, key), what);
	return status_make(EX_TEMPFAIL, 451, "4.3.5", "control/sender-map: %s", what);
}

static enum table_result look_up(table *t, span local, const addr *a, str *to, status *fault)
{
	arena mem = arena_new(TABLE_MEMORY);
	str key = str_new(4096);
	span value;
	addr other;
	const char *error;
	size_t line;
	key_write(local, a->domain, &key);
	enum table_result r = table_get(t, str_span(&key), &mem, &value, &error, &line);
	if (r == TABLE_ERROR) {
		*fault = bad_table(t, str_span(&key), line, error);
	} else if (r == TABLE_FOUND) {
		str whole = str_new(1024);
		if (span_starts(value, S("@")))
			addr_write(
			    &(const addr){.local = a->local, .domain = span_sub(value, 1, value.n)},
			    &whole);
		else
			(void)str_put(&whole, value);
		bool good = addr_mailbox(str_span(&whole), &mem, &other) == ADDR_OK &&
			    !other.null && other.domain.n;
		if (good) {
			addr_write(&other, to);
		} else {
			*fault = bad_table(t, str_span(&key), 0, "what is no address");
			r = TABLE_ERROR;
		}
		str_free(&whole);
	}
	str_free(&key);
	arena_free(&mem);
	return r == TABLE_NONE ? TABLE_ABSENT : r;
}

enum table_result sender_map_find(table *t, const addr *a, str *to, status *fault)
{
	if (a->null || !a->domain.n)
		return TABLE_ABSENT;
	enum table_result r = look_up(t, a->local, a, to, fault);
	return r == TABLE_ABSENT ? look_up(t, S(""), a, to, fault) : r;
}

typedef struct field_work {
	sender_map_ask *ask;
	void *arg;
	span body;
	str *to;
	size_t from; /* octets of body that are in `to` already */
	size_t found;
	bool failed;
} field_work;

/* What may stand in an address beside letters and digits. */
static bool inner(char c)
{
	return ascii_alnum((unsigned char)c) || (unsigned char)c > 0x7f ||
	       (c && strchr(".!#$%&'*+-/=?^_`{|}~@", c));
}

static bool stands_at(span body, size_t i, span text)
{
	size_t end = i + text.n;
	return end <= body.n && span_eqi(span_sub(body, i, end), text) &&
	       (i == 0 || !inner(body.p[i - 1])) && (end == body.n || !inner(body.p[end]));
}

/* Where the address stands from `from` on, outside of display names in quotes and of comments, and not as a part of something
 * else; body.n: nowhere. */
static size_t place_of(span body, size_t from, span text)
{
	bool quoted = false;
	size_t depth = 0;
	for (size_t i = from; i < body.n; i++) {
		char c = body.p[i];
		if (!quoted && !depth && text.n && stands_at(body, i, text))
			return i;
		if (c == '\\')
			i++;
		else if (c == '"' && !depth)
			quoted = !quoted;
		else if (c == '(' && !quoted)
			depth++;
		else if (c == ')' && !quoted && depth)
			depth--;
	}
	return body.n;
}

static void each(void *arg, const addr *a, span name)
{
	field_work *w = arg;
	str other = str_new(1024), text = str_new(1024);
	(void)name;
	enum table_result r = w->failed ? TABLE_ABSENT : w->ask(w->arg, a, &other);
	w->failed = w->failed || r == TABLE_ERROR;
	addr_write(a, &text);
	size_t at = r == TABLE_FOUND ? place_of(w->body, w->from, str_span(&text)) : w->body.n;
	if (at < w->body.n) {
		(void)str_put(w->to, span_sub(w->body, w->from, at));
		(void)str_put(w->to, str_span(&other));
		w->from = at + text.n;
		w->found++;
	}
	str_free(&other);
	str_free(&text);
}

static bool is_sender_field(span name)
{
	if (span_startsi(name, S("Resent-")))
		name = span_sub(name, 7, name.n);
	return span_eqi(name, S("From")) || span_eqi(name, S("Sender")) ||
	       span_eqi(name, S("Reply-To"));
}

static bool put_field(field_work *w, const header_field *f)
{
	arena mem = arena_new(TABLE_MEMORY);
	size_t head = (size_t)(f->body.p - f->raw.p);
	(void)str_put(w->to, span_sub(f->raw, 0, head));
	w->body = f->body;
	w->from = 0;
	(void)addr_list(f->body, &mem, ADDRESSES_MAX, each, w);
	(void)str_put(w->to, span_sub(f->body, w->from, f->body.n));
	(void)str_put(w->to, span_sub(f->raw, head + f->body.n, f->raw.n));
	arena_free(&mem);
	return !w->failed;
}

size_t sender_map_header(span header, sender_map_ask *ask, void *arg, str *to)
{
	field_work w = {.ask = ask, .arg = arg, .to = to};
	header_field f;
	span rest = header;
	for (;;) {
		span before = rest;
		if (header_next(&rest, &f) != HEADER_FIELD) {
			(void)str_put(to, before);
			return w.found;
		}
		if (!is_sender_field(f.name))
			(void)str_put(to, f.raw);
		else if (!put_field(&w, &f))
			return SIZE_MAX;
	}
}

typedef struct asking {
	table *t;
	status fault;
} asking;

static enum table_result ask_table(void *arg, const addr *a, str *to)
{
	asking *x = arg;
	return sender_map_find(x->t, a, to, &x->fault);
}

static bool write_copy(int to, span header, int fd, off_t body)
{
	char buf[65536];
	ssize_t n;
	out o;
	out_open(&o, to, sizeof buf);
	out_put(&o, header);
	while ((n = file_pread(fd, buf, sizeof buf, body)) > 0) {
		out_put(&o, span_of(buf, (size_t)n));
		body += n;
	}
	bool ok = out_flush(&o) && n == 0;
	out_close(&o);
	return ok;
}

status sender_map_message(table *t, int fd, off_t offset, int *copy)
{
	asking x = {.t = t, .fault = status_ok()};
	str changed = str_new(2 * HEADER_MOST);
	char *buf = xmalloc(HEADER_MOST);
	*copy = -1;
	ssize_t n = file_pread(fd, buf, HEADER_MOST, offset);
	if (n < 0)
		x.fault = status_doubt("the message cannot be read: %s", strerror(errno));
	span header = span_of(buf, n > 0 ? (size_t)n : 0);
	header.n = header_size(header);
	size_t found = n > 0 ? sender_map_header(header, ask_table, &x, &changed) : 0;
	if (status_is_ok(&x.fault) && changed.over)
		x.fault = status_doubt("a header that is too long");
	if (status_is_ok(&x.fault) && found) {
		*copy =
		    memfd_create("message", MFD_CLOEXEC); /* no file can be made in the sandbox */
		if (*copy < 0 ||
		    !write_copy(*copy, str_span(&changed), fd, offset + (off_t)header.n)) {
			x.fault = status_doubt("no copy of the message: %s", strerror(errno));
			if (*copy >= 0)
				(void)close(*copy);
			*copy = -1;
		}
	}
	free(buf);
	str_free(&changed);
	return x.fault;
}

status sender_map_sender(table *t, arena *mem, span *sender)
{
	addr a;
	status fault = status_ok();
	str other = str_new(1024);
	if (sender->n && addr_mailbox(*sender, mem, &a) == ADDR_OK &&
	    sender_map_find(t, &a, &other, &fault) == TABLE_FOUND)
		*sender = arena_dup(mem, str_span(&other));
	str_free(&other);
	return sender->p || !sender->n ? fault : status_doubt("an address that is too long");
}
