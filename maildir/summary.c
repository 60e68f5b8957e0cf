#include "maildir/summary.h"

#include <string.h>

#include "mail/addr.h"
#include "mail/date.h"
#include "mail/header.h"
#include "mail/word.h"

/* By the length of the name first: most fields of a header are none of these. */
static int field_of(span name)
{
	static const struct {
		span name;
		enum summary_field field;
	} names[] = {
	    {{"to", 2}, SUMMARY_TO},
	    {{"from", 4}, SUMMARY_FROM},
	    {{"date", 4}, SUMMARY_DATE},
	    {{"subject", 7}, SUMMARY_SUBJECT},
	    {{"message-id", 10}, SUMMARY_ID},
	    {{"references", 10}, SUMMARY_REFERENCES},
	    {{"in-reply-to", 11}, SUMMARY_IN_REPLY_TO},
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (name.n == names[i].name.n && span_eqi(name, names[i].name))
			return (int)names[i].field;
	return -1;
}

/* False where the end of the octets is reached before that of the header. */
static bool read_fields(span octets, unsigned want, summary *s)
{
	header_field f;
	span rest = span_sub(octets, header_mbox_line(octets), octets.n);
	for (size_t i = 0; i < SUMMARY_FIELDS; i++)
		s->fields[i] = S("");
	enum header_result r = HEADER_FIELD;
	while (want && (r = header_next(&rest, &f)) == HEADER_FIELD) {
		int i = field_of(f.name);
		if (i >= 0 && want >> i & 1) {
			s->fields[i] = f.body;
			want &= ~(1u << i);
		}
	}
	return !header_is_cut(r, rest);
}

void summary_of_name(const maildir_scan *scan, const scan_message *m, summary *s)
{
	*s = (summary){.date = m->arrived,
		       .flags = name_flags_of(scan_name(m)),
		       .is_new = scan->parts[m->part].is_new};
}

void summary_read(peek *p, const scan_message *m, unsigned want, summary *s)
{
	int64_t date;
	summary_of_name(p->scan, m, s);
	while (!read_fields(p->octets, want, s) && peek_more(p))
		;
	if (s->fields[SUMMARY_DATE].n && date_parse(s->fields[SUMMARY_DATE], &date))
		s->date = date;
	s->octets = peek_octets(p, m);
}

void summary_text(span body, const charset_opener *opener, str *to)
{
	word_decode(body, opener, to);
}

typedef struct person {
	const charset_opener *opener;
	str *to;
	bool found;
} person;

/* The name without its quotes; "" says nothing. */
static void put_name(const person *p, span raw)
{
	str bare = str_new(raw.n + 1);
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n)
			i++;
		else if (raw.p[i] == '"')
			continue;
		(void)str_putc(&bare, raw.p[i]);
	}
	summary_text(str_span(&bare), p->opener, p->to);
	str_free(&bare);
}

static void first_person(void *arg, const addr *a, span name)
{
	person *p = arg;
	size_t before = p->to->n;
	if (p->found)
		return;
	p->found = true;
	if (name.n && memchr(name.p, '"', name.n))
		put_name(p, name);
	else if (name.n)
		summary_text(name, p->opener, p->to);
	if (p->to->n == before)
		addr_write(a, p->to);
}

/* `Name <address>` and `"Name" <address>`, as nearly all are written: the name, where it means what it
 * looks like. */
static bool usual_name(span body, span *name)
{
	span s = span_trim(span_sub(body, 0, span_find(body, '<')));
	if (s.n == 0 || s.n == body.n)
		return false;
	if (s.n > 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		s = span_sub(s, 1, s.n - 1);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '"' || (s.p[i] > 0 && s.p[i] < ' ') || strchr("\\(),:;@", s.p[i]))
			return false;
	*name = s;
	return true;
}

void summary_person(span body, const charset_opener *opener, arena *mem, str *to)
{
	person p = {opener, to, false};
	span name;
	size_t before = to->n;
	if (usual_name(body, &name))
		summary_text(name, opener, to);
	if (to->n > before)
		return;
	arena_reset(mem);
	(void)addr_list(body, mem, 1, first_person, &p);
	if (!p.found)
		summary_text(body, opener, to);
}
