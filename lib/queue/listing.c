#include "queue/listing.h"

#include "base/text.h"

enum { FIELD_MAX = 8192 };

static const char *const where_names[] = {"new", "later", "hold", "failed"};

listing listing_new(enum listing_form form, int64_t now)
{
	return (listing){.form = form, .now = now, .scratch = str_new(FIELD_MAX)};
}

void listing_free(listing *l)
{
	str_free(&l->scratch);
}

/* "3d", "2h", "5m", "7s" */
static void duration(int64_t seconds, char to[static 24])
{
	static const struct {
		int64_t size;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	if (seconds < 0)
		seconds = 0;
	for (size_t i = 0; i < 4; i++)
		if (seconds >= 2 * units[i].size || i == 3) {
			(void)snprintf(to, 24, "%" PRId64 "%c", seconds / units[i].size,
				       units[i].unit);
			return;
		}
}

static void octets(uint64_t n, char to[static 24])
{
	static const char units[] = "BKMGT";
	size_t unit = 0;
	while (n >= 10000 && unit < 4) {
		n = (n + 512) / 1024;
		unit++;
	}
	(void)snprintf(to, 24, "%" PRIu64 "%c", n, units[unit]);
}

static void put(str *to, const char *text)
{
	(void)str_put(to, span_str(text));
}

static void put_number(str *to, int64_t n)
{
	if (n < 0)
		(void)str_putc(to, '-');
	(void)str_putu(to, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

/* Text from elsewhere on a terminal: no control octet gets there. */
static void put_field(const listing *l, span s, str *to)
{
	if (l->form == LISTING_JSON) {
		text_json(s, to);
		return;
	}
	if (l->form == LISTING_TSV) {
		text_tsv(s, to);
		return;
	}
	size_t at = to->n;
	if (!str_put(to, s))
		return;
	for (; at < to->n; at++)
		if ((unsigned char)to->p[at] < 0x20 || to->p[at] == 0x7f)
			to->p[at] = '?';
}

static void put_addr(listing *l, const addr *a, str *to)
{
	if (a->null && l->form == LISTING_TABLE) {
		put(to, "<>");
		return;
	}
	str_clear(&l->scratch);
	addr_write(a, &l->scratch);
	put_field(l, str_span(&l->scratch), to);
}

void listing_head(const listing *l, str *to)
{
	if (l->form == LISTING_TABLE)
		(void)str_printf(to, "%-24s %-6s %5s %6s %5s %5s  %s\n", "ID", "WHERE", "AGE",
				 "SIZE", "TRIES", "NEXT", "SENDER, RECIPIENTS");
}

/* "deferred by mx.test[192.0.2.1]: 4.2.0 busy" */
static void table_rcpt(listing *l, const qlog_rcpt *r, str *to)
{
	put(to, r->parent ? "        " : "    ");
	put_addr(l, &r->path.addr, to);
	put(to, "  ");
	put(to, r->event == QLOG_NONE ? "waiting" : qlog_event_name(r->event));
	if (r->event != QLOG_NONE && r->by.name.n) {
		put(to, " by ");
		put_field(l, r->by.name, to);
	}
	if (r->event != QLOG_NONE && (*r->last.enhanced || *r->last.text)) {
		put(to, ": ");
		put_field(l, span_str(r->last.enhanced), to);
		(void)str_putc(to, ' ');
		put_field(l, span_str(r->last.text), to);
	}
	(void)str_putc(to, '\n');
}

static void table_message(listing *l, const scan_entry *e, const qmsg *m, const qlog *log, str *to)
{
	char age[24], size[24], next[32] = "now";
	duration(l->now - m->arrived, age);
	octets(m->size, size);
	if (e->where == SCAN_LATER && e->due > l->now)
		duration(e->due - l->now, next);
	else if (e->where == SCAN_HOLD || e->where == SCAN_FAILED)
		(void)snprintf(next, sizeof next, "-");
	(void)str_printf(to, "%s %-6s %5s %6s %5zu %5s  ", m->id, where_names[e->where], age, size,
			 log->attempts, next);
	put_addr(l, &m->env.sender.addr, to);
	(void)str_putc(to, '\n');
	for (size_t i = 0; i < log->count; i++)
		table_rcpt(l, &log->rcpts[i], to);
}

static void tab_number(str *to, int64_t n)
{
	(void)str_putc(to, '\t');
	put_number(to, n);
}

/* One line a recipient: name id where arrived size attempts next sender recipient event when code enhanced words host */
static void tsv_message(listing *l, const scan_entry *e, const qmsg *m, const qlog *log, str *to)
{
	for (size_t i = 0; i < log->count; i++) {
		const qlog_rcpt *r = &log->rcpts[i];
		put(to, e->name);
		(void)str_putc(to, '\t');
		put(to, m->id);
		(void)str_putc(to, '\t');
		put(to, where_names[e->where]);
		tab_number(to, m->arrived);
		tab_number(to, (int64_t)m->size);
		tab_number(to, (int64_t)log->attempts);
		tab_number(to, e->due);
		(void)str_putc(to, '\t');
		put_addr(l, &m->env.sender.addr, to);
		(void)str_putc(to, '\t');
		put_addr(l, &r->path.addr, to);
		(void)str_putc(to, '\t');
		put(to, qlog_event_name(r->event));
		tab_number(to, r->when);
		tab_number(to, r->last.code);
		(void)str_putc(to, '\t');
		put(to, r->last.enhanced);
		(void)str_putc(to, '\t');
		put_field(l, span_str(r->last.text), to);
		(void)str_putc(to, '\t');
		put_field(l, r->by.name, to);
		(void)str_putc(to, '\n');
	}
}

static void member(str *to, const char *key, int64_t n)
{
	put(to, ",\"");
	put(to, key);
	put(to, "\":");
	put_number(to, n);
}

static void json_rcpt(listing *l, const qlog_rcpt *r, str *to)
{
	put(to, "{\"address\":");
	put_addr(l, &r->path.addr, to);
	member(to, "parent", (int64_t)r->parent);
	put(to, ",\"event\":\"");
	put(to, qlog_event_name(r->event));
	(void)str_putc(to, '"');
	member(to, "when", r->when);
	member(to, "code", r->last.code);
	member(to, "reply", r->last.reply);
	put(to, ",\"enhanced\":");
	put_field(l, span_str(r->last.enhanced), to);
	put(to, ",\"words\":");
	put_field(l, span_str(r->last.text), to);
	put(to, ",\"host\":");
	put_field(l, r->by.name, to);
	(void)str_putc(to, '}');
}

static void json_message(listing *l, const scan_entry *e, const qmsg *m, const qlog *log, str *to)
{
	put(to, "{\"name\":\"");
	put(to, e->name);
	put(to, "\",\"id\":\"");
	put(to, m->id);
	put(to, "\",\"where\":\"");
	put(to, where_names[e->where]);
	(void)str_putc(to, '"');
	member(to, "arrived", m->arrived);
	member(to, "age", l->now - m->arrived);
	member(to, "size", (int64_t)m->size);
	member(to, "attempts", (int64_t)log->attempts);
	member(to, "next", e->due);
	put(to, ",\"sender\":");
	put_addr(l, &m->env.sender.addr, to);
	put(to, ",\"recipients\":[");
	for (size_t i = 0; i < log->count; i++) {
		if (i)
			(void)str_putc(to, ',');
		json_rcpt(l, &log->rcpts[i], to);
	}
	put(to, "]}\n");
}

void listing_message(listing *l, const scan_entry *e, const qmsg *m, const qlog *log, str *to)
{
	(l->form == LISTING_JSON  ? json_message
	 : l->form == LISTING_TSV ? tsv_message
				  : table_message)(l, e, m, log, to);
}
