#include "maildir/select.h"

bool select_parse(const char *text, select_flags *to)
{
	bool unset = false;
	for (; *text; text++) {
		name_flags one = name_flag(*text);
		if (*text == '-' || *text == '+')
			unset = *text == '-';
		else if (!one)
			return false;
		else if (unset)
			to->unset |= one;
		else
			to->set |= one;
	}
	return true;
}

bool select_matches(const select_flags *f, const maildir_scan *s, const scan_message *m)
{
	if (f->only_new && !s->parts[m->part].is_new)
		return false;
	if (!f->set && !f->unset)
		return true;
	name_flags flags = name_flags_of(scan_name(m));
	return (flags & f->set) == f->set && (flags & f->unset) == 0;
}

void select_keep(const select_flags *f, maildir_scan *s)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->count; i++)
		if (select_matches(f, s, s->messages + i))
			s->messages[kept++] = s->messages[i];
	s->count = kept;
}
