#include "mail/shown.h"

#include <string.h>

#include "mail/addr.h"
#include "mail/word.h"

enum { FIELD_MAX = 256 << 20, ADDRESSES_MAX = 1 << 20 };

typedef struct mailboxes {
	str *to;
	const charset_opener *opener;
	size_t count;
} mailboxes;

/* A name whose decoded form could be taken for something else is quoted. */
static void put_name(const charset_opener *opener, span raw, str *to)
{
	str plain = str_new(FIELD_MAX), name = str_new(FIELD_MAX);
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n)
			i++;
		else if (raw.p[i] == '"')
			continue;
		(void)str_putc(&plain, raw.p[i]);
	}
	word_decode(str_span(&plain), opener, &name);
	span text = span_trim(str_span(&name));
	bool quoted = false;
	for (size_t i = 0; i < text.n; i++)
		quoted |= strchr("<>@,;:\"", text.p[i]) != NULL;
	if (quoted)
		(void)str_putc(to, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || (quoted && text.p[i] == '\\'))
			(void)str_putc(to, '\\');
		(void)str_putc(to, text.p[i]);
	}
	if (quoted)
		(void)str_putc(to, '"');
	str_free(&plain);
	str_free(&name);
}

static void put_mailbox(void *arg, const addr *a, span name)
{
	mailboxes *m = arg;
	if (m->count++)
		(void)str_put(m->to, S(", "));
	if (name.n) {
		size_t before = m->to->n;
		put_name(m->opener, name, m->to);
		if (m->to->n > before)
			(void)str_putc(m->to, ' ');
	}
	if (name.n || a->null)
		(void)str_putc(m->to, '<');
	addr_write(a, m->to);
	if (name.n || a->null)
		(void)str_putc(m->to, '>');
}

static bool has_addresses(span name)
{
	static const char *const fields[] = {
	    "From",	   "To",	"Cc",	     "Bcc",	      "Sender",		 "Reply-To",
	    "Resent-From", "Resent-To", "Resent-Cc", "Resent-Sender", "Mail-Followup-To"};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (span_eqi(name, span_str(fields[i])))
			return true;
	return false;
}

void shown_field(const header_field *f, const charset_opener *opener, str *to)
{
	size_t before = to->n;
	bool done = false;
	if (has_addresses(f->name) && span_find(f->body, '(') == f->body.n) {
		arena a = arena_new(FIELD_MAX);
		mailboxes m = {.to = to, .opener = opener};
		done = addr_list(f->body, &a, ADDRESSES_MAX, put_mailbox, &m) && m.count;
		arena_free(&a);
	}
	if (!done) {
		str_cut(to, before);
		word_decode(f->body, opener, to);
	}
}
