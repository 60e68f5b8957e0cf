/* STORE and UID STORE (RFC 3501, 6.4.6; RFC 7162, 3.1.3). */
#include "imap/fetch.h"
#include "imap/flags.h"
#include "imap/message.h"
#include "imap/state.h"

typedef struct store {
	bool uid, silent, conditional;
	uint64_t since;
	enum folder_how how;
	uint32_t flags;
	uint64_t keywords;
	size_t *indexes, count;
	folder_msg *before; /* as the client knows them */
	bool *modified;
} store;

/* " (UNCHANGEDSINCE n)" */
static bool take_condition(imap_scan *scan, store *w)
{
	if (!imap_char(scan, '('))
		return true;
	w->conditional = true;
	return imap_word(scan, "UNCHANGEDSINCE") && imap_sp(scan) &&
	       imap_number64(scan, &w->since) && imap_char(scan, ')') && imap_sp(scan);
}

static bool take_change(imap_state *s, imap_scan *scan, store *w)
{
	w->how = imap_char(scan, '+')	? FOLDER_ADD
		 : imap_char(scan, '-') ? FOLDER_REMOVE
					: FOLDER_SET;
	w->silent = imap_word(scan, "FLAGS.SILENT");
	return (w->silent || imap_word(scan, "FLAGS")) && imap_sp(scan) &&
	       imap_flags_parse(scan, s->box.f, &w->flags, &w->keywords) && imap_end(scan);
}

static bool remember(imap_state *s, store *w)
{
	w->before = arena_alloc(&s->mem, (w->count + 1) * sizeof *w->before);
	w->modified = arena_alloc(&s->mem, (w->count + 1) * sizeof *w->modified);
	if (!w->before || !w->modified) {
		imap_no(s, "[LIMIT] too many messages at once");
		return false;
	}
	for (size_t k = 0; k < w->count; k++)
		w->before[k] = folder_at(s->box.f, w->indexes[k]);
	return true;
}

static status run(imap_state *s, const store *w)
{
	if (w->conditional)
		return folder_store_unchanged(s->box.f, w->indexes, w->count, w->how, w->flags,
					      w->keywords, w->since, w->modified);
	return folder_store(s->box.f, w->indexes, w->count, w->how, w->flags, w->keywords);
}

/* Silence is about what the client said itself; what another session did meanwhile is told (RFC 3501, 6.4.6). */
static bool as_expected(const store *w, const folder_msg *before, const folder_msg *now)
{
	uint32_t flags = before->flags & FOLDER_FLAGS;
	uint64_t keywords = before->keywords;
	if (w->how == FOLDER_SET) {
		flags = w->flags;
		keywords = w->keywords;
	} else if (w->how == FOLDER_ADD) {
		flags |= w->flags;
		keywords |= w->keywords;
	} else {
		flags &= ~w->flags;
		keywords &= ~w->keywords;
	}
	return flags == (now->flags & FOLDER_FLAGS) && keywords == now->keywords;
}

static void tell(imap_state *s, const store *w)
{
	for (size_t k = 0; k < w->count; k++) {
		const folder_msg now = folder_at(s->box.f, w->indexes[k]);
		if (w->modified[k])
			continue;
		if (!w->silent || !as_expected(w, &w->before[k], &now))
			imap_fetch_tell(&s->box, w->indexes[k], w->uid);
		/* RFC 7162, 3.1.3: MODSEQ is told although it is silent */
		else if (s->box.condstore && now.modseq != w->before[k].modseq)
			imap_fetch_tell_modseq(&s->box, w->indexes[k], w->uid);
	}
}

static void conclude(imap_state *s, const store *w)
{
	imap_ranges r = {0, 0, 0};
	str set = str_new(w->count * 11 + 64);
	(void)str_put(&set, S("[MODIFIED "));
	size_t front = set.n;
	for (size_t k = 0; k < w->count; k++)
		if (w->modified[k])
			imap_ranges_put(&r, w->uid ? w->before[k].uid : (uint32_t)w->indexes[k] + 1,
					&set);
	imap_ranges_end(&r, &set);
	bool any = set.n > front;
	(void)str_put(&set, S("] changed since"));
	imap_ok(s, any ? str_cstr(&set) : "stored");
	str_free(&set);
}

static void store_flags(imap_state *s, imap_scan *scan, bool uid)
{
	store w = {.uid = uid};
	if (!imap_take_messages(s, scan, uid, &w.indexes, &w.count))
		return;
	if (!imap_sp(scan) || !take_condition(scan, &w) || !take_change(s, scan, &w)) {
		imap_bad(s, "STORE messages [(UNCHANGEDSINCE n)] [+-]FLAGS[.SILENT] (flags)");
		return;
	}
	if (s->box.read_only) {
		imap_no(s, "[READ-ONLY] the mailbox is only examined");
		return;
	}
	if (w.conditional)
		imap_enable_condstore(s);
	if (!remember(s, &w))
		return;
	status st = run(s, &w);
	imap_tell_keywords(s, false);
	tell(s, &w);
	if (status_is_ok(&st))
		conclude(s, &w);
	else
		imap_failed(s, "changing flags", &st);
}

void imap_do_store(imap_state *s, imap_scan *scan)
{
	store_flags(s, scan, false);
}

void imap_do_uid_store(imap_state *s, imap_scan *scan)
{
	store_flags(s, scan, true);
}
