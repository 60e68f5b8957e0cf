#include "imap/status.h"

#include "imap/place.h"
#include "imap/verb.h"

enum {
	MESSAGES = 1,
	RECENT = 2,
	UIDNEXT = 4,
	UIDVALIDITY = 8,
	UNSEEN = 16,
	HIGHESTMODSEQ = 32,
	APPENDLIMIT = 64,
	SIZE = 128,
	DELETED = 256,
};

static const struct {
	const char *name;
	unsigned bit;
} items[] = {
    {"MESSAGES", MESSAGES},	      {"RECENT", RECENT},	    {"UIDNEXT", UIDNEXT},
    {"UIDVALIDITY", UIDVALIDITY},     {"UNSEEN", UNSEEN},	    {"DELETED", DELETED},
    {"HIGHESTMODSEQ", HIGHESTMODSEQ}, {"APPENDLIMIT", APPENDLIMIT}, {"SIZE", SIZE},
};
enum { ITEMS = sizeof items / sizeof *items };

bool imap_status_items(imap_scan *s, unsigned *bits)
{
	*bits = 0;
	if (!imap_char(s, '('))
		return false;
	do {
		size_t i = 0;
		while (i < ITEMS && !imap_word(s, items[i].name))
			i++;
		if (i == ITEMS)
			return false;
		*bits |= items[i].bit;
	} while (imap_sp(s));
	return imap_char(s, ')');
}

/* By the bits' places. */
static void count(const folder *f, unsigned bits, uint64_t values[ITEMS])
{
	const folder_tally flags = folder_count_flags(f);
	for (size_t i = 0; bits & (SIZE | DELETED) && i < folder_count(f); i++) {
		const folder_msg m = folder_at(f, i);
		values[7] += m.wire;
		values[8] += (m.flags & FOLDER_DELETED) != 0;
	}
	values[0] = folder_count(f);
	values[1] = flags.recent;
	values[4] = flags.unseen;
	values[2] = folder_uidnext(f);
	values[3] = folder_uidvalidity(f);
	values[5] = folder_highest_modseq(f);
	values[6] = IMAP_APPEND_MAX;
}

static void put(imap_state *s, span name, unsigned bits, const uint64_t values[ITEMS])
{
	str text = str_new(8 * IMAP_NAME_MAX + 1024);
	bool first = true;
	(void)str_put(&text, S("* STATUS "));
	imap_name_put(name, s->box.utf8, &text);
	(void)str_put(&text, S(" ("));
	for (size_t i = 0; i < ITEMS; i++) {
		if (!(bits & items[i].bit))
			continue;
		unsigned at = (unsigned)__builtin_ctz(items[i].bit);
		(void)str_printf(&text, "%s%s %" PRIu64, first ? "" : " ", items[i].name,
				 values[at]);
		first = false;
	}
	(void)str_put(&text, S(")\r\n"));
	out_put(s->out, str_span(&text));
	str_free(&text);
}

bool imap_status_tell(imap_state *s, span name, unsigned bits, status *why)
{
	uint64_t values[ITEMS] = {0};
	str path = str_new(PATH_MAX);
	folder *f = NULL;
	*why = status_make(EX_NOINPUT, 0, "", "no such mailbox");
	if (imap_place_of(s->l->maildir, name, &path))
		f = folder_open(str_cstr(&path), why);
	str_free(&path);
	if (!f)
		return false;
	if (bits & SIZE)
		*why = folder_measure(f, 0, folder_count(f));
	bool done = status_is_ok(why);
	if (done) {
		if (bits & HIGHESTMODSEQ)
			imap_enable_condstore(s);
		count(f, bits, values);
		put(s, name, bits, values);
	}
	folder_close(f);
	return done;
}
