/* SELECT, EXAMINE and how a mailbox is left (RFC 3501, 6.3.1, 6.3.2, 6.4.1, 6.4.2; RFC 7162). */
#include "base/die.h"
#include "imap/fetch.h"
#include "imap/flags.h"
#include "imap/place.h"
#include "imap/state.h"

/* ---- parameters of SELECT: (CONDSTORE) (QRESYNC (validity modseq [known [(numbers uids)]])) */

typedef struct parameters {
	bool condstore, qresync;
	uint32_t uidvalidity;
	uint64_t since;
	bool has_known;
	imap_set known; /* UIDs */
} parameters;

static bool match_data(imap_scan *scan)
{
	imap_set numbers, uids;
	return imap_set_parse(scan, &numbers) && imap_sp(scan) && imap_set_parse(scan, &uids) &&
	       imap_char(scan, ')');
}

static bool has_star(const imap_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].first == IMAP_STAR || set->v[i].last == IMAP_STAR)
			return true;
	return false;
}

static bool qresync_values(imap_scan *scan, parameters *p)
{
	p->qresync = true;
	if (!imap_sp(scan) || !imap_char(scan, '(') || !imap_number(scan, &p->uidvalidity) ||
	    !imap_sp(scan) || !imap_number64(scan, &p->since))
		return false;
	if (imap_sp(scan)) {
		/* the known UIDs may be left out before the match data */
		if (!imap_char(scan, '(')) {
			p->has_known = imap_set_parse(scan, &p->known);
			/* RFC 7162, 7: known-uids has no "*" */
			if (!p->has_known || has_star(&p->known) ||
			    (imap_sp(scan) && (!imap_char(scan, '(') || !match_data(scan))))
				return false;
		} else if (!match_data(scan)) {
			return false;
		}
	}
	return imap_char(scan, ')');
}

static bool take_parameters(imap_scan *scan, parameters *p)
{
	*p = (parameters){.condstore = false};
	if (imap_end(scan))
		return true;
	if (!imap_sp(scan) || !imap_char(scan, '('))
		return false;
	do {
		if (imap_word(scan, "CONDSTORE"))
			p->condstore = true;
		else if (!imap_word(scan, "QRESYNC") || !qresync_values(scan, p))
			return false;
	} while (imap_sp(scan));
	return imap_char(scan, ')') && imap_end(scan);
}

/* ---- what changed since the client was here (RFC 7162, 3.2.5) */

typedef struct vanished {
	imap_range *v;
	size_t n, room;
} vanished;

static void add_range(void *arg, uint32_t first, uint32_t last)
{
	vanished *w = arg;
	if (w->n == w->room) {
		w->room = w->room * 2 + 64;
		w->v = xrealloc(w->v, w->room, sizeof *w->v);
	}
	w->v[w->n++] = (imap_range){first, last};
}

/* What is in both, both settled. */
static void put_common(const imap_set *a, const imap_set *b, imap_ranges *r, str *to)
{
	for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
		uint32_t first = a->v[i].first > b->v[k].first ? a->v[i].first : b->v[k].first;
		uint32_t last = a->v[i].last < b->v[k].last ? a->v[i].last : b->v[k].last;
		if (first <= last) {
			imap_ranges_end(r, to);
			r->first = first;
			r->last = last;
		}
		if (a->v[i].last < b->v[k].last)
			i++;
		else
			k++;
	}
}

void imap_tell_vanished(imap_state *s, uint64_t since, imap_set *known)
{
	vanished w = {NULL, 0, 0};
	imap_ranges r = {0, 0, 0};
	const uint32_t next = folder_uidnext(s->box.f);
	imap_set all = {(imap_range[]){{1, next > 1 ? next - 1 : 1}}, 1};
	folder_expunged(s->box.f, since, add_range, &w);
	imap_set gone = {w.v, w.n};
	if (gone.n)
		imap_set_settle(&gone, 0);
	if (known)
		imap_set_settle(known, next - 1);
	str text = str_new(IMAP_COMMAND_MAX + 24 * (gone.n + (known ? known->n : 0)));
	put_common(&gone, known ? known : &all, &r, &text);
	imap_ranges_end(&r, &text);
	if (text.n) {
		out_puts(s->out, "* VANISHED (EARLIER) ");
		out_put(s->out, str_span(&text));
		out_puts(s->out, "\r\n");
	}
	str_free(&text);
	free(w.v);
}

static void resync(imap_state *s, parameters *p)
{
	if (p->uidvalidity != folder_uidvalidity(s->box.f))
		return;
	imap_tell_vanished(s, p->since, p->has_known ? &p->known : NULL);
	for (size_t i = 0; i < folder_count(s->box.f); i++) {
		const folder_msg m = folder_at(s->box.f, i);
		if (m.modseq > p->since && (!p->has_known || imap_set_has(&p->known, m.uid)))
			imap_fetch_tell(&s->box, i, true);
	}
}

/* ---- SELECT */

static void describe(imap_state *s)
{
	folder *f = s->box.f;
	const folder_tally flags = folder_count_flags(f);
	const size_t n = folder_count(f), unseen = flags.first_unseen;
	s->recent = flags.recent;
	s->told = n;
	imap_tell_keywords(s, true);
	out_printf(s->out, "* %zu EXISTS\r\n* %zu RECENT\r\n", n, s->recent);
	if (unseen)
		out_printf(s->out, "* OK [UNSEEN %zu] the first that is not seen\r\n", unseen);
	out_printf(s->out, "* OK [UIDVALIDITY %" PRIu32 "] UIDs are valid\r\n",
		   folder_uidvalidity(f));
	out_printf(s->out, "* OK [UIDNEXT %" PRIu32 "] the next UID\r\n", folder_uidnext(f));
	out_printf(s->out, "* OK [HIGHESTMODSEQ %" PRIu64 "] the highest mod-sequence\r\n",
		   folder_highest_modseq(f));
}

/* RFC 7162, 3.2.11: what comes behind it is of the new mailbox. */
static void leave(imap_state *s)
{
	if (s->box.f)
		out_puts(s->out, "* OK [CLOSED] the mailbox before is closed\r\n");
	imap_unselect(s);
}

static bool enter(imap_state *s, span name, bool read_only)
{
	folder *f = imap_open(s, name, "[NONEXISTENT]");
	if (!f)
		return false;
	status st = read_only ? status_ok() : folder_take_new(f);
	if (!status_is_ok(&st)) {
		folder_close(f);
		imap_failed(s, "taking new messages", &st);
		return false;
	}
	str path = str_new(PATH_MAX);
	(void)imap_place_of(s->l->maildir, name, &path);
	s->dir = xstrdup(str_cstr(&path));
	str_free(&path);
	s->box.dir = s->dir;
	s->box.f = f;
	s->box.read_only = read_only;
	s->box.left = (imap_left){0};
	s->box.condstore = s->condstore;
	s->box.qresync = s->qresync;
	(void)str_put(&s->name, name);
	return true;
}

static void select_mailbox(imap_state *s, imap_scan *scan, bool read_only)
{
	parameters p;
	span name;
	if (!imap_take_mailbox(s, scan, &name))
		return;
	if (!take_parameters(scan, &p) || (p.qresync && !s->qresync)) {
		imap_bad(s, "SELECT mailbox (CONDSTORE QRESYNC (…))");
		return;
	}
	leave(s);
	if (p.condstore)
		imap_enable_condstore(s);
	if (!enter(s, name, read_only))
		return;
	describe(s);
	if (p.qresync)
		resync(s, &p);
	imap_ok(s, read_only ? "[READ-ONLY] examined" : "[READ-WRITE] selected");
}

static void do_select(imap_state *s, imap_scan *scan)
{
	select_mailbox(s, scan, false);
}

static void do_examine(imap_state *s, imap_scan *scan)
{
	select_mailbox(s, scan, true);
}

/* ---- leaving */

static void do_unselect(imap_state *s, imap_scan *scan)
{
	(void)scan;
	imap_unselect(s);
	imap_ok(s, "left");
}

static void do_close(imap_state *s, imap_scan *scan)
{
	status st = status_ok();
	(void)scan;
	if (!s->box.read_only)
		st = imap_expunge_deleted(s, NULL);
	if (!status_is_ok(&st)) {
		imap_failed(s, "removing messages", &st);
		return;
	}
	imap_unselect(s);
	imap_ok(s, "closed");
}

static void do_check(imap_state *s, imap_scan *scan)
{
	(void)scan;
	imap_ok(s, "done");
}

const imap_verb_entry imap_select_verbs[] = {
    {"SELECT", do_select, false, true, IMAP_TELL_NOTHING},
    {"EXAMINE", do_examine, false, true, IMAP_TELL_NOTHING},
    {"UNSELECT", do_unselect, true, false, IMAP_TELL_NOTHING},
    {"CLOSE", do_close, true, false, IMAP_TELL_NOTHING},
    {"CHECK", do_check, true, false, IMAP_TELL_ALL},
    {NULL, NULL, false, false, IMAP_TELL_NOTHING},
};
