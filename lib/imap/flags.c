#include "imap/flags.h"

static const struct {
	const char *name;
	uint32_t flag;
} system_flags[] = {
    {"\\Answered", FOLDER_ANSWERED}, {"\\Flagged", FOLDER_FLAGGED}, {"\\Deleted", FOLDER_DELETED},
    {"\\Seen", FOLDER_SEEN},	     {"\\Draft", FOLDER_DRAFT},	    {"$Forwarded", FOLDER_PASSED},
};
enum { SYSTEM_FLAGS = sizeof system_flags / sizeof *system_flags };

static bool add(folder *f, span flag, uint32_t *flags, uint64_t *keywords)
{
	for (size_t i = 0; i < SYSTEM_FLAGS; i++)
		if (span_eqi(flag, span_str(system_flags[i].name))) {
			*flags |= system_flags[i].flag;
			return true;
		}
	if (span_starts(flag, S("\\")))
		return false;
	int bit = folder_keyword_bit(f, flag, true);
	if (bit >= 0)
		*keywords |= (uint64_t)1 << bit;
	return true;
}

bool imap_flags_parse(imap_scan *s, folder *f, uint32_t *flags, uint64_t *keywords)
{
	span flag;
	bool in_list = imap_char(s, '(');
	*flags = 0;
	*keywords = 0;
	if (in_list && imap_char(s, ')'))
		return true;
	do {
		if (!imap_flag(s, &flag) || !add(f, flag, flags, keywords))
			return false;
	} while (imap_sp(s));
	return !in_list || imap_char(s, ')');
}

static void put_one(out *to, span name, bool *first)
{
	if (!*first)
		out_putc(to, ' ');
	*first = false;
	out_put(to, name);
}

void imap_flags_put(const folder *f, uint32_t flags, uint64_t keywords, out *to)
{
	bool first = true;
	out_putc(to, '(');
	for (size_t i = 0; i < SYSTEM_FLAGS; i++)
		if (flags & system_flags[i].flag)
			put_one(to, span_str(system_flags[i].name), &first);
	if (flags & (FOLDER_RECENT | FOLDER_NEW))
		put_one(to, S("\\Recent"), &first);
	for (int i = 0; i < FOLDER_KEYWORDS && keywords >> i; i++)
		if (keywords >> i & 1 && folder_keyword(f, i).n)
			put_one(to, folder_keyword(f, i), &first);
	out_putc(to, ')');
}
