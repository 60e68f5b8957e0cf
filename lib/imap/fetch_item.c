#include "imap/fetch_item.h"

#include <string.h>

typedef struct reading {
	imap_scan *s;
	struct imap_fetch *f;
	size_t room; /* of f->items */
} reading;

static bool grow(reading *g)
{
	if (g->f->n < g->room)
		return true;
	size_t room = g->room ? 2 * g->room : 8;
	imap_item *more = arena_alloc(g->s->mem, room * sizeof *more);
	if (!more)
		return false;
	if (g->f->n)
		memcpy(more, g->f->items, g->f->n * sizeof *more);
	g->f->items = more;
	g->room = room;
	return true;
}

static bool add(reading *g, imap_item item)
{
	/* twice is once, but for sections */
	if (item.kind != IMAP_ITEM_SECTION && g->f->kinds >> item.kind & 1)
		return true;
	if (g->f->n == IMAP_ITEMS_MAX || !grow(g))
		return false;
	g->f->items[g->f->n++] = item;
	g->f->kinds |= 1u << item.kind;
	return true;
}

static bool add_plain(reading *g, enum imap_item_kind kind)
{
	return add(g, (imap_item){.kind = kind});
}

static bool prefix(imap_scan *s, span word)
{
	if (!span_startsi(s->rest, word))
		return false;
	s->rest = span_sub(s->rest, word.n, s->rest.n);
	return true;
}

/* RFC 3501, 6.4.5: older names of sections. */
static bool add_old(reading *g, span label, enum imap_section_what what, bool sees)
{
	g->f->sees |= sees;
	return add(g, (imap_item){IMAP_ITEM_SECTION, {.what = what, .label = label}});
}

static bool read_section(reading *g, bool sees)
{
	imap_item item = {.kind = IMAP_ITEM_SECTION};
	g->f->sees |= sees;
	return imap_section_parse(g->s, &item.section) && add(g, item);
}

static bool read_item(reading *g)
{
	static const struct {
		const char *word;
		enum imap_item_kind kind;
	} plain[] = {
	    {"UID", IMAP_ITEM_UID},
	    {"FLAGS", IMAP_ITEM_FLAGS},
	    {"MODSEQ", IMAP_ITEM_MODSEQ},
	    {"INTERNALDATE", IMAP_ITEM_INTERNALDATE},
	    {"RFC822.SIZE", IMAP_ITEM_SIZE},
	    {"ENVELOPE", IMAP_ITEM_ENVELOPE},
	    {"BODYSTRUCTURE", IMAP_ITEM_BODYSTRUCTURE},
	    {"BODY", IMAP_ITEM_BODY},
	};
	imap_scan *s = g->s;
	if (prefix(s, S("BODY.PEEK[")))
		return read_section(g, false);
	if (prefix(s, S("BODY[")))
		return read_section(g, true);
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (imap_word(s, plain[i].word))
			return add_plain(g, plain[i].kind);
	if (imap_word(s, "RFC822"))
		return add_old(g, S("RFC822"), IMAP_WHOLE, true);
	if (imap_word(s, "RFC822.HEADER"))
		return add_old(g, S("RFC822.HEADER"), IMAP_HEADER, false);
	if (imap_word(s, "RFC822.TEXT"))
		return add_old(g, S("RFC822.TEXT"), IMAP_TEXT, true);
	return false;
}

static bool read_macro(reading *g)
{
	static const struct {
		const char *word;
		enum imap_item_kind last;
	} macros[] = {
	    {"FAST", IMAP_ITEM_SIZE}, {"ALL", IMAP_ITEM_ENVELOPE}, {"FULL", IMAP_ITEM_BODY}};
	for (size_t i = 0; i < sizeof macros / sizeof *macros; i++) {
		if (!imap_word(g->s, macros[i].word))
			continue;
		(void)add_plain(g, IMAP_ITEM_FLAGS);
		for (unsigned kind = IMAP_ITEM_INTERNALDATE; kind <= macros[i].last; kind++)
			(void)add_plain(g, kind);
		return true;
	}
	return false;
}

static bool read_items(reading *g)
{
	if (read_macro(g))
		return true;
	if (!imap_char(g->s, '('))
		return read_item(g);
	do
		if (!read_item(g))
			return false;
	while (imap_sp(g->s));
	return imap_char(g->s, ')');
}

/* " (CHANGEDSINCE n [VANISHED])" */
static bool read_modifiers(imap_scan *s, struct imap_fetch *f, bool uid)
{
	if (imap_end(s))
		return true;
	if (!imap_sp(s) || !imap_char(s, '('))
		return false;
	do {
		if (!f->since_given && imap_word(s, "CHANGEDSINCE"))
			f->since_given = imap_sp(s) && imap_number64(s, &f->since);
		else if (uid && !f->vanished && imap_word(s, "VANISHED"))
			f->vanished = true;
		else
			return false;
	} while (imap_sp(s));
	return f->since_given && imap_char(s, ')') && imap_end(s);
}

imap_fetch *imap_fetch_parse(imap_scan *s, bool uid)
{
	struct imap_fetch *f = arena_alloc(s->mem, sizeof *f);
	reading g = {.s = s, .f = f};
	if (!f)
		return NULL;
	if (uid)
		(void)add_plain(&g, IMAP_ITEM_UID);
	if (!read_items(&g) || !read_modifiers(s, f, uid))
		return NULL;
	return !f->since_given || add_plain(&g, IMAP_ITEM_MODSEQ) ? f : NULL;
}

bool imap_fetch_condstore(const imap_fetch *f)
{
	return f->since_given || f->kinds >> IMAP_ITEM_MODSEQ & 1;
}

uint64_t imap_fetch_since(const imap_fetch *f, bool *vanished)
{
	*vanished = f->vanished;
	return f->since;
}
