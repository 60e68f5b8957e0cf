/* The commands on messages of the selected mailbox, and EXPUNGE. */
#include "imap/message.h"

status imap_expunge_deleted(imap_state *s, imap_set *uids)
{
	folder *f = s->box.f;
	size_t all = folder_count(f), n = 0;
	size_t *indexes = arena_alloc(&s->mem, (all + 1) * sizeof *indexes);
	if (!indexes)
		return status_doubt("too many messages");
	if (uids)
		imap_set_settle(uids, all ? folder_at(f, all - 1).uid : 0);
	for (size_t i = 0; i < all; i++) {
		const folder_msg m = folder_at(f, i);
		if (m.flags & FOLDER_DELETED && (!uids || imap_set_has(uids, m.uid)))
			indexes[n++] = i;
	}
	status st = n ? folder_expunge(f, indexes, n) : status_ok();
	if (status_is_ok(&st))
		s->expunged += n;
	return st;
}

/* Flags may have changed since the client was last told: a message that another session keeps stays. */
static void expunge(imap_state *s, imap_set *uids)
{
	if (s->box.read_only) {
		imap_no(s, "[READ-ONLY] the mailbox is only examined");
		return;
	}
	if (!imap_tell_changes(s))
		return;
	status st = imap_expunge_deleted(s, uids);
	if (!status_is_ok(&st)) {
		imap_failed(s, "removing messages", &st);
		return;
	}
	if (!imap_tell_changes(s))
		return;
	char text[64] = "removed";
	if (s->condstore) /* RFC 7162, 3.2.7 */
		(void)snprintf(text, sizeof text, "[HIGHESTMODSEQ %" PRIu64 "] removed",
			       folder_highest_modseq(s->box.f));
	imap_ok(s, text);
}

static void do_expunge(imap_state *s, imap_scan *scan)
{
	(void)scan;
	expunge(s, NULL);
}

static void do_uid_expunge(imap_state *s, imap_scan *scan)
{
	imap_set uids;
	if (!imap_set_parse(scan, &uids))
		imap_bad(s, "UID EXPUNGE uids");
	else if (imap_no_more(s, scan))
		expunge(s, &uids);
}

const imap_verb_entry imap_message_verbs[] = {
    {"FETCH", imap_do_fetch, true, true, IMAP_TELL_NOTHING},
    {"SEARCH", imap_do_search, true, true, IMAP_TELL_NOTHING},
    {"STORE", imap_do_store, true, true, IMAP_TELL_NOTHING},
    {"EXPUNGE", do_expunge, true, false, IMAP_TELL_NOTHING},
    {"COPY", imap_do_copy, true, true, IMAP_TELL_ALL},
    {"MOVE", imap_do_move, true, true, IMAP_TELL_ALL},
    {"APPEND", imap_do_append, false, true, IMAP_TELL_ALL},
    {NULL, NULL, false, false, IMAP_TELL_NOTHING},
};

const imap_verb_entry imap_uid_verbs[] = {
    {"FETCH", imap_do_uid_fetch, true, true, IMAP_TELL_ALL},
    {"SEARCH", imap_do_uid_search, true, true, IMAP_TELL_ALL},
    {"STORE", imap_do_uid_store, true, true, IMAP_TELL_ALL},
    {"EXPUNGE", do_uid_expunge, true, true, IMAP_TELL_NOTHING},
    {"COPY", imap_do_uid_copy, true, true, IMAP_TELL_ALL},
    {"MOVE", imap_do_uid_move, true, true, IMAP_TELL_ALL},
    {NULL, NULL, false, false, IMAP_TELL_NOTHING},
};
