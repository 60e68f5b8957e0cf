/* The selected mailbox: opening, and telling what changed in it. */
#include "base/die.h"
#include "imap/fetch.h"
#include "imap/flags.h"
#include "imap/place.h"
#include "imap/state.h"
#include "maildir/cache.h"

folder *imap_open(imap_state *s, span name, const char *code)
{
	str path = str_new(PATH_MAX);
	char text[128];
	status why;
	folder *f = NULL;
	if (!imap_place_of(s->l->maildir, name, &path)) {
		(void)snprintf(text, sizeof text, "%s no such mailbox", code);
		imap_no(s, text);
	} else if (!(f = folder_open(str_cstr(&path), &why))) {
		imap_failed(s, "opening a mailbox", &why);
	}
	str_free(&path);
	return f;
}

void imap_unselect(imap_state *s)
{
	if (s->box.f)
		folder_close(s->box.f);
	cache_close(s->box.cache);
	free(s->dir);
	s->box.f = NULL;
	s->box.cache = NULL;
	s->box.left = (imap_left){.n = 0};
	s->dir = NULL;
	s->box.dir = NULL;
	str_clear(&s->name);
}

void imap_enable_condstore(imap_state *s)
{
	/* RFC 7162, 3.1: the first command that does so tells it for the mailbox that is selected */
	if (!s->condstore && s->box.f)
		out_printf(s->out, "* OK [HIGHESTMODSEQ %" PRIu64 "] the highest mod-sequence\r\n",
			   folder_highest_modseq(s->box.f));
	s->condstore = s->box.condstore = true;
}

/* ---- flags that there are */

static uint64_t all_keywords(const folder *f)
{
	uint64_t all = 0;
	for (int i = 0; i < FOLDER_KEYWORDS; i++)
		if (folder_keyword(f, i).n)
			all |= (uint64_t)1 << i;
	return all;
}

void imap_tell_keywords(imap_state *s, bool first)
{
	const uint64_t all = all_keywords(s->box.f);
	if (!first && all == s->keywords)
		return;
	s->keywords = all;
	out_puts(s->out, "* FLAGS ");
	imap_flags_put(s->box.f, FOLDER_FLAGS, all, s->out);
	out_puts(s->out, "\r\n* OK [PERMANENTFLAGS (");
	if (!s->box.read_only) {
		out_puts(s->out, "\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded");
		for (int i = 0; i < FOLDER_KEYWORDS; i++)
			if (all >> i & 1) {
				out_putc(s->out, ' ');
				out_put(s->out, folder_keyword(s->box.f, i));
			}
		if (all != UINT64_MAX)
			out_puts(s->out, " \\*");
	}
	out_puts(s->out, ")] flags that stay\r\n");
}

/* ---- what changed */

typedef struct news {
	imap_state *s;
	uint32_t *vanished; /* descending */
	size_t n, room;
	bool added;
} news;

static void gone(void *arg, size_t old_index, uint32_t uid)
{
	news *n = arg;
	n->s->told--;
	if (!n->s->qresync) {
		out_printf(n->s->out, "* %zu EXPUNGE\r\n", old_index + 1);
		return;
	}
	if (n->n == n->room) {
		n->room = n->room * 2 + 64;
		n->vanished = xrealloc(n->vanished, n->room, sizeof *n->vanished);
	}
	n->vanished[n->n++] = uid;
}

/* RFC 7162, 3.2.10: before anything that counts without them. */
static void put_vanished(news *n)
{
	imap_ranges r = {0, 0, 0};
	str set = str_new(n->n * 11 + 1);
	if (n->n) {
		for (size_t i = n->n; i-- > 0;)
			imap_ranges_put(&r, n->vanished[i], &set);
		imap_ranges_end(&r, &set);
		out_puts(n->s->out, "* VANISHED ");
		out_put(n->s->out, str_span(&set));
		out_puts(n->s->out, "\r\n");
	}
	str_free(&set);
	free(n->vanished);
	n->vanished = NULL;
	n->n = n->room = 0;
}

static void changed(void *arg, size_t index)
{
	news *n = arg;
	put_vanished(n);
	imap_tell_keywords(n->s, false);
	imap_fetch_tell(&n->s->box, index, false);
}

static void added(void *arg, size_t index)
{
	news *n = arg;
	(void)index;
	n->added = true;
}

static void tell_count(imap_state *s, bool any)
{
	size_t all = folder_count(s->box.f);
	if (all != s->told)
		out_printf(s->out, "* %zu EXISTS\r\n", all);
	s->told = all;
	if (!any)
		return;
	size_t recent = folder_count_flags(s->box.f).recent;
	if (recent != s->recent)
		out_printf(s->out, "* %zu RECENT\r\n", recent);
	s->recent = recent;
}

bool imap_tell_changes(imap_state *s)
{
	news n = {.s = s};
	const folder_changes c = {.gone = gone, .changed = changed, .added = added, .arg = &n};
	size_t before = s->told;
	status st = folder_refresh(s->box.f, &c);
	put_vanished(&n);
	if (n.added && !s->box.read_only) {
		status took = folder_take_new(s->box.f);
		if (!status_is_ok(&took))
			imap_trouble(s, "taking new messages", took.text);
	}
	tell_count(s, n.added || s->told != before);
	if (status_is_ok(&st))
		return true;
	if (st.code == EX_TEMPFAIL) { /* the view is behind: the next command looks again */
		imap_trouble(s, "looking for changes", st.text);
		return true;
	}
	imap_trouble(s, "the selected mailbox", st.text);
	imap_bye(s, "the mailbox was made anew or removed; select it again");
	return false;
}
