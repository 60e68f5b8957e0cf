#include "mail/complete.h"

#include "mail/date.h"

enum { AUTHORS_MAX = 100, ADDRESSES_MAX = 10000, MEM_MAX = 4 << 20 };

static bool has(span head, const char *name)
{
	header_field f;
	return header_get(head, name, &f);
}

static void put_field(str *to, const char *name, span body)
{
	(void)str_put(to, span_str(name));
	(void)str_put(to, S(": "));
	(void)str_put(to, body);
	(void)str_putc(to, '\n');
}

/* RFC 5322, 3.6: Date and From must be there, Message-ID should. */
void complete_missing(const complete *c, span head, str *to)
{
	char date[DATE_ROOM];
	if (!has(head, "Date")) {
		date_write(c->epoch, c->zone, date);
		put_field(to, "Date", span_str(date));
	}
	if (!has(head, "From") && c->from.n)
		put_field(to, "From", c->from);
	if (!has(head, "Message-ID"))
		put_field(to, "Message-ID", c->message_id);
}

static bool of_addresses(span name)
{
	static const char *const names[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc"};
	if (span_startsi(name, S("Resent-")))
		name = span_sub(name, sizeof "Resent-" - 1, name.n);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eqi(name, span_str(names[i])))
			return true;
	return false;
}

/* The local parts alone of a field. */
typedef struct alone {
	span field;
	str *to;
	span domain;
	size_t from; /* where the next one is looked for */
	size_t done; /* octets of the field that are written */
} alone;

/* The end of the local part, a word of its own, in what is left of the field. SIZE_MAX: it is written in another way (in
 * quotes, with comments), and is left alone. */
static size_t place_of(span rest, span local)
{
	for (size_t i = 0; i + local.n <= rest.n; i++) {
		size_t end = i + local.n;
		if (i > 0 && memchr("\"(\\", rest.p[i - 1], 3))
			return SIZE_MAX;
		if (span_eq(span_sub(rest, i, end), local) && i > 0 &&
		    memchr(" \t\r\n<,;:", rest.p[i - 1], 8) &&
		    (end == rest.n || memchr(" \t\r\n>,;", rest.p[end], 7)))
			return end;
	}
	return SIZE_MAX;
}

static void add_domain(void *arg, const addr *a, span name)
{
	alone *q = arg;
	if (name.n) /* not in its display name */
		q->from = (size_t)(name.p - q->field.p) + name.n;
	if (a->null || a->domain.n)
		return;
	size_t end = place_of(span_sub(q->field, q->from, q->field.n), a->local);
	if (end == SIZE_MAX)
		return;
	q->from += end;
	(void)str_put(q->to, span_sub(q->field, q->done, q->from));
	(void)str_putc(q->to, '@');
	(void)str_put(q->to, q->domain);
	q->done = q->from;
}

static void put_addresses(const complete *c, const header_field *f, str *to)
{
	alone q = {.field = f->raw, .to = to, .domain = c->domain};
	arena mem = arena_new(MEM_MAX);
	q.from = (size_t)(f->body.p - f->raw.p) - 1; /* the colon */
	(void)addr_list(f->body, &mem, ADDRESSES_MAX, add_domain, &q);
	(void)str_put(to, span_sub(f->raw, q.done, f->raw.n));
	arena_free(&mem);
}

size_t complete_header(const complete *c, span text, str *to)
{
	span rest = text, before = text;
	header_field f;
	enum header_result r;
	complete_missing(c, text, to);
	while ((r = header_next(&rest, &f)) == HEADER_FIELD) {
		before = rest;
		if (c->domain.n && of_addresses(f.name))
			put_addresses(c, &f, to);
		else
			(void)str_put(to, f.raw);
	}
	/* its empty line as it is; a body without one gets one */
	(void)str_put(to, r == HEADER_GARBAGE ? S("\n") : span_sub(before, 0, before.n - rest.n));
	return text.n - rest.n;
}

bool complete_authors(span text, arena *mem, addr_each *each, void *arg)
{
	header_field f;
	span rest = text;
	const char *name = has(text, "Resent-From") ? "Resent-From" : "From";
	bool good = true, any = false;
	while (header_find(&rest, span_str(name), &f) == HEADER_FIELD) {
		good = addr_list(f.body, mem, AUTHORS_MAX, each, arg) && good;
		any = true;
	}
	return good && any;
}
