/* GETQUOTA and GETQUOTAROOT (RFC 2087, RFC 9208): one root, "", for all of the account, by its maildirsize. */
#include "maildir/quota.h"

#include "imap/message.h"
#include "imap/place.h"
#include "maildir/room.h"

enum { KIB = 1024 };

/* What the account may hold; false where there is no limit. Where maildirsize is not to be believed it is counted anew. */
static bool usage(const imap_state *s, maildir_usage *u)
{
	bool known = maildir_usage_read(s->l->maildir, u);
	const uint64_t limit = u->limit;
	if (!known && limit)
		(void)maildir_recount(s->l->maildir, limit, u);
	u->limit = limit;
	return limit != 0;
}

static void put_quota(imap_state *s, const maildir_usage *u)
{
	out_puts(s->out, "* QUOTA \"\" (");
	if (u)
		out_printf(s->out, "STORAGE %" PRIu64 " %" PRIu64, (u->octets + KIB - 1) / KIB,
			   u->limit / KIB);
	out_puts(s->out, ")\r\n");
}

void imap_do_getquota(imap_state *s, imap_scan *scan)
{
	span root;
	maildir_usage u = {.limit = 0};
	if (!imap_astring(scan, &root) || !imap_end(scan)) {
		imap_bad(s, "GETQUOTA root");
		return;
	}
	if (root.n) {
		imap_no(s, "[NONEXISTENT] no such quota root");
		return;
	}
	put_quota(s, usage(s, &u) ? &u : NULL);
	imap_ok(s, "done");
}

void imap_do_getquotaroot(imap_state *s, imap_scan *scan)
{
	span name;
	maildir_usage u = {.limit = 0};
	if (!imap_take_mailbox(s, scan, &name) || !imap_no_more(s, scan))
		return;
	str path = str_new(PATH_MAX), text = str_new(8 * IMAP_NAME_MAX + 64);
	if (!imap_place_of(s->l->maildir, name, &path)) {
		imap_no(s, "[NONEXISTENT] no such mailbox");
	} else {
		bool limited = usage(s, &u);
		(void)str_put(&text, S("* QUOTAROOT "));
		imap_name_put(name, s->box.utf8, &text);
		(void)str_put(&text, limited ? S(" \"\"\r\n") : S("\r\n"));
		out_put(s->out, str_span(&text));
		if (limited)
			put_quota(s, &u);
		imap_ok(s, "done");
	}
	str_free(&path);
	str_free(&text);
}

void imap_do_setquota(imap_state *s, imap_scan *scan)
{
	(void)scan;
	imap_no(s, "[NOPERM] the operator sets quotas");
}
