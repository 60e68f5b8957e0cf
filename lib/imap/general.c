/* Commands that are about the session (RFC 3501, 6.1; RFC 2971; RFC 5161). */
#include "imap/message.h"
#include "imap/verb.h"

static void do_capability(imap_state *s, imap_scan *scan)
{
	(void)scan;
	out_puts(s->out, "* CAPABILITY");
	imap_capabilities(s->out, NULL);
	out_puts(s->out, "\r\n");
	imap_ok(s, "done");
}

static void do_noop(imap_state *s, imap_scan *scan)
{
	(void)scan;
	imap_ok(s, "done");
}

static void do_logout(imap_state *s, imap_scan *scan)
{
	(void)scan;
	out_puts(s->out, "* BYE bye\r\n");
	imap_ok(s, "done");
	s->over = true;
}

static void do_id(imap_state *s, imap_scan *scan)
{
	if (imap_id(scan, s->out))
		imap_ok(s, "done");
	else
		imap_bad(s, "ID NIL, or pairs");
}

static void do_login(imap_state *s, imap_scan *scan)
{
	(void)scan;
	imap_bad(s, "logged in already");
}

/* RFC 5161, 3.1: what is not known is passed over, what was enabled is named. */
static void do_enable(imap_state *s, imap_scan *scan)
{
	span word;
	str told = str_new(64);
	do {
		if (!imap_atom(scan, &word)) {
			imap_bad(s, "ENABLE words");
			str_free(&told);
			return;
		}
		bool condstore = span_eqi(word, S("CONDSTORE"));
		bool qresync = span_eqi(word, S("QRESYNC"));
		if (qresync && !s->qresync) {
			s->qresync = s->box.qresync = true;
			(void)str_put(&told, S(" QRESYNC"));
		} else if (condstore && !s->condstore) {
			(void)str_put(&told, S(" CONDSTORE"));
		} else if (span_eqi(word, S("UTF8=ACCEPT")) && !s->box.utf8) {
			s->box.utf8 = true;
			(void)str_put(&told, S(" UTF8=ACCEPT"));
		}
		if (condstore || qresync)
			imap_enable_condstore(s);
	} while (imap_sp(scan));
	if (imap_no_more(s, scan)) {
		out_puts(s->out, "* ENABLED");
		out_put(s->out, str_span(&told));
		out_puts(s->out, "\r\n");
		imap_ok(s, "done");
	}
	str_free(&told);
}

const imap_verb_entry imap_general_verbs[] = {
    {"CAPABILITY", do_capability, false, false, IMAP_TELL_ALL},
    {"NOOP", do_noop, false, false, IMAP_TELL_ALL},
    {"IDLE", imap_do_idle, false, false, IMAP_TELL_ALL},
    {"LOGOUT", do_logout, false, false, IMAP_TELL_NOTHING},
    {"COMPRESS", imap_do_compress, false, true, IMAP_TELL_NOTHING},
    {"GETQUOTA", imap_do_getquota, false, true, IMAP_TELL_ALL},
    {"GETQUOTAROOT", imap_do_getquotaroot, false, true, IMAP_TELL_ALL},
    {"SETQUOTA", imap_do_setquota, false, true, IMAP_TELL_ALL},
    {"ID", do_id, false, true, IMAP_TELL_ALL},
    {"ENABLE", do_enable, false, true, IMAP_TELL_NOTHING},
    {"LOGIN", do_login, false, true, IMAP_TELL_NOTHING},
    {"AUTHENTICATE", do_login, false, true, IMAP_TELL_NOTHING},
    {"STARTTLS", do_login, false, true, IMAP_TELL_NOTHING},
    {NULL, NULL, false, false, IMAP_TELL_NOTHING},
};
