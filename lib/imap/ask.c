/* FETCH and SEARCH with their UID forms (RFC 3501, 6.4.4, 6.4.5, 6.4.8; RFC 7162, 3.1.4, 3.2.6). */
#include "imap/fetch.h"
#include "imap/message.h"
#include "imap/search.h"

static void conclude_fetch(imap_state *s, enum imap_done done, const status *why)
{
	switch (done) {
	case IMAP_DONE_OK:
		imap_ok(s, "fetched");
		return;
	case IMAP_DONE_GONE:
		imap_no(s, "[EXPUNGEISSUED] some of the messages are gone");
		return;
	case IMAP_DONE_NO:
		imap_failed(s, "fetching", why);
		return;
	case IMAP_DONE_CUT: /* the client must not take what it has for a whole message */
		imap_trouble(s, "fetching", why->text);
		s->over = true;
		s->code = EX_TEMPFAIL;
		return;
	}
}

/* Of the UIDs that the client asked for (RFC 7162, 3.2.6). */
static bool tell_vanished(imap_state *s, const imap_fetch *f, imap_set *uids, bool uid)
{
	bool vanished;
	uint64_t since = imap_fetch_since(f, &vanished);
	if (!vanished)
		return true;
	if (!uid || !s->qresync) {
		imap_bad(s, "VANISHED is for UID FETCH behind ENABLE QRESYNC");
		return false;
	}
	imap_tell_vanished(s, since, uids);
	return true;
}

/* What VANISHED is about may be above all that is there. */
static bool copy_set(imap_state *s, const imap_set *from, imap_set *to)
{
	to->v = arena_alloc(&s->mem, (from->n + 1) * sizeof *to->v);
	to->n = from->n;
	if (to->v)
		memcpy(to->v, from->v, from->n * sizeof *to->v);
	return to->v != NULL;
}

static void fetch(imap_state *s, imap_scan *scan, bool uid)
{
	imap_set set, asked;
	size_t *indexes, count;
	status why = status_ok();
	imap_fetch *f = NULL;
	if (!imap_set_parse(scan, &set) || !imap_sp(scan) || !copy_set(s, &set, &asked) ||
	    !(f = imap_fetch_parse(scan, uid))) {
		imap_bad(s, "FETCH messages items");
		return;
	}
	if (!imap_box_choose(&s->box, &set, uid, &indexes, &count)) {
		imap_bad(s, "no such message");
		return;
	}
	if (imap_fetch_condstore(f))
		imap_enable_condstore(s);
	if (tell_vanished(s, f, &asked, uid))
		conclude_fetch(s, imap_fetch_run(&s->box, f, indexes, count, &why), &why);
}

void imap_do_fetch(imap_state *s, imap_scan *scan)
{
	fetch(s, scan, false);
}

void imap_do_uid_fetch(imap_state *s, imap_scan *scan)
{
	fetch(s, scan, true);
}

static void search(imap_state *s, imap_scan *scan, bool uid)
{
	imap_search *search = NULL;
	status why = status_ok();
	switch (imap_search_parse(scan, &s->box, &search)) {
	case IMAP_SEARCH_BAD:
		imap_bad(s, "SEARCH [RETURN (…)] [CHARSET charset] keys");
		return;
	case IMAP_SEARCH_CHARSET:
		imap_no(s, "[BADCHARSET (UTF-8)] that charset is not known");
		return;
	case IMAP_SEARCH_OK:
		break;
	}
	if (imap_search_condstore(search))
		imap_enable_condstore(s);
	/* One message that cannot be read is no reason to keep the others from their reader. */
	if (!imap_search_run(&s->box, search, uid, s->tag, &why))
		imap_trouble(s, "searching", why.text);
	imap_ok(s, status_is_ok(&why) ? "searched" : "searched, but not all messages can be read");
}

void imap_do_search(imap_state *s, imap_scan *scan)
{
	search(s, scan, false);
}

void imap_do_uid_search(imap_state *s, imap_scan *scan)
{
	search(s, scan, true);
}
