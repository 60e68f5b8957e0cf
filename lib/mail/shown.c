#include "mail/shown.h"

#include "mail/people.h"
#include "mail/word.h"

enum { FIELD_MAX = 256 << 20, ADDRESSES_MAX = 1 << 20 };

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
		done = people_text(f->body, opener, &a, ADDRESSES_MAX, to);
		arena_free(&a);
	}
	if (!done) {
		str_cut(to, before);
		word_decode(f->body, opener, to);
	}
}
