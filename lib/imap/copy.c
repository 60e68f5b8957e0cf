/* COPY and MOVE (RFC 3501, 6.4.7; RFC 6851; UIDPLUS: RFC 4315, 3). */
#include "imap/message.h"
#include "imap/place.h"

typedef struct copying {
	bool uid, move;
	span name; /* of the destination */
	size_t *indexes, count;
	uint32_t *uids; /* there; 0: gone meanwhile */
} copying;

/* RFC 3501, 6.4.7: a COPY that fails leaves the destination as it was. */
static void undo(imap_state *s, folder *to, const copying *c)
{
	size_t *indexes = arena_alloc(&s->mem, (c->count + 1) * sizeof *indexes), n = 0;
	(void)folder_refresh(to, NULL);
	for (size_t k = 0; indexes && k < c->count; k++) {
		bool exact = false;
		size_t i = c->uids[k] ? folder_find(to, c->uids[k], &exact) : 0;
		if (exact)
			indexes[n++] = i;
	}
	if (n)
		(void)folder_expunge(to, indexes, n);
}

/* "[COPYUID validity from to]"; empty where nothing was copied: a MOVE of a UID that is not there is OK. */
static void copy_uid(imap_state *s, const folder *to, const copying *c, str *text)
{
	imap_ranges from = {0, 0, 0}, there = {0, 0, 0};
	str set = str_new(c->count * 11 + 1);
	size_t n = 0;
	(void)str_printf(text, "[COPYUID %" PRIu32 " ", folder_uidvalidity(to));
	for (size_t k = 0; k < c->count; k++) {
		if (!c->uids[k])
			continue;
		imap_ranges_put(&from, folder_at(s->box.f, c->indexes[k]).uid, text);
		imap_ranges_put(&there, c->uids[k], &set);
		n++;
	}
	imap_ranges_end(&from, text);
	imap_ranges_end(&there, &set);
	(void)str_putc(text, ' ');
	(void)str_put(text, str_span(&set));
	(void)str_put(text, S("] "));
	if (!n)
		str_clear(text);
	str_free(&set);
}

/* The originals of what is there now. */
static status remove_originals(imap_state *s, const copying *c)
{
	size_t n = 0;
	for (size_t k = 0; k < c->count; k++)
		if (c->uids[k])
			c->indexes[n++] = c->indexes[k];
	s->expunged += n;
	return folder_expunge(s->box.f, c->indexes, n);
}

static void conclude(imap_state *s, folder *to, const copying *c)
{
	str text = str_new(c->count * 24 + 256);
	status st = status_ok();
	copy_uid(s, to, c, &text);
	if (!c->move) {
		(void)str_put(&text, S("copied"));
		imap_ok(s, str_cstr(&text));
	} else {
		/* RFC 6851, 4.3: before the EXPUNGEs */
		if (text.n) {
			out_puts(s->out, "* OK ");
			out_put(s->out, str_span(&text));
			out_puts(s->out, "moved\r\n");
		}
		st = remove_originals(s, c);
		char told[64] = "moved";
		if (s->condstore && text.n) /* RFC 6851, 4.4 */
			(void)snprintf(told, sizeof told, "[HIGHESTMODSEQ %" PRIu64 "] moved",
				       folder_highest_modseq(s->box.f));
		if (status_is_ok(&st))
			imap_ok(s, told);
		else
			imap_failed(s, "removing what was moved", &st);
	}
	str_free(&text);
}

static void copy_messages(imap_state *s, folder *to, copying *c)
{
	c->uids = arena_alloc(&s->mem, (c->count + 1) * sizeof *c->uids);
	if (!c->uids) {
		imap_no(s, "[LIMIT] too many messages at once");
		return;
	}
	uint64_t octets = 0;
	for (size_t k = 0; k < c->count; k++)
		octets += folder_at(s->box.f, c->indexes[k]).octets;
	status st = c->move ? status_ok() : folder_room(to, octets);
	if (!status_is_ok(&st)) {
		imap_failed(s, "copying messages", &st);
		return;
	}
	st = folder_copy(s->box.f, c->indexes, c->count, to, c->uids);
	if (status_is_ok(&st)) {
		conclude(s, to, c);
		return;
	}
	undo(s, to, c);
	imap_failed(s, "copying messages", &st);
}

static void copy_or_move(imap_state *s, imap_scan *scan, bool uid, bool move)
{
	copying c = {.uid = uid, .move = move};
	if (!imap_take_messages(s, scan, uid, &c.indexes, &c.count))
		return;
	if (!imap_sp(scan)) {
		imap_bad(s, "messages, then a mailbox");
		return;
	}
	if (!imap_take_mailbox(s, scan, &c.name) || !imap_no_more(s, scan))
		return;
	if (move && s->box.read_only) {
		imap_no(s, "[READ-ONLY] the mailbox is only examined");
		return;
	}
	folder *to = imap_open(s, c.name, "[TRYCREATE]");
	if (!to)
		return;
	copy_messages(s, to, &c);
	folder_close(to);
}

void imap_do_copy(imap_state *s, imap_scan *scan)
{
	copy_or_move(s, scan, false, false);
}

void imap_do_uid_copy(imap_state *s, imap_scan *scan)
{
	copy_or_move(s, scan, true, false);
}

void imap_do_move(imap_state *s, imap_scan *scan)
{
	copy_or_move(s, scan, false, true);
}

void imap_do_uid_move(imap_state *s, imap_scan *scan)
{
	copy_or_move(s, scan, true, true);
}
