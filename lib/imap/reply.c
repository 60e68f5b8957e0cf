/* How commands end, and the arguments that many of them take. */
#include "base/die.h"
#include "imap/place.h"
#include "imap/state.h"
#include "io/log.h"

enum { ERRORS_MAX = 50 };

static void tagged(imap_state *s, const char *kind, const char *text)
{
	out_put(s->out, s->tag.n ? s->tag : S("*"));
	out_putc(s->out, ' ');
	out_puts(s->out, kind);
	out_putc(s->out, ' ');
	out_puts(s->out, text);
	out_puts(s->out, "\r\n");
}

void imap_ok(imap_state *s, const char *text)
{
	if (s->box.f && s->update == IMAP_TELL_ALL && !imap_tell_changes(s))
		return;
	s->errors = 0;
	tagged(s, "OK", text);
}

void imap_no(imap_state *s, const char *text)
{
	tagged(s, "NO", text);
}

/* A client that says nothing but nonsense is none. */
void imap_bad(imap_state *s, const char *text)
{
	tagged(s, "BAD", text);
	if (++s->errors >= ERRORS_MAX)
		imap_bye(s, "too many errors");
}

void imap_trouble(const imap_state *s, const char *what, const char *text)
{
	log_line l;
	log_begin(&l, "trouble");
	log_puts(&l, "user", s->l->address);
	log_puts(&l, "what", what);
	log_puts(&l, "text", text);
	log_end(&l);
}

/* RFC 5530: [OVERQUOTA] is for the user, [UNAVAILABLE] passes, [SERVERBUG] is for the operator. */
void imap_failed(imap_state *s, const char *what, const status *why)
{
	if (why->reply == 452 || why->reply == 552) {
		imap_no(s, "[OVERQUOTA] the mailbox is full");
		return;
	}
	imap_trouble(s, what, why->text);
	imap_no(s, "[UNAVAILABLE] that cannot be done now");
}

void imap_failed_errno(imap_state *s, const char *what)
{
	int error = errno;
	imap_trouble(s, what, strerror(error));
	if (error == ENOSPC || error == EDQUOT)
		imap_no(s, "[OVERQUOTA] no space is left");
	else if (error == ENAMETOOLONG)
		imap_no(s, "[CANNOT] the name is too long");
	else
		imap_no(s, "[UNAVAILABLE] that cannot be done now");
}

void imap_bye(imap_state *s, const char *text)
{
	out_puts(s->out, "* BYE ");
	out_puts(s->out, text);
	out_puts(s->out, "\r\n");
	s->over = true;
}

bool imap_no_more(imap_state *s, const imap_scan *scan)
{
	if (!imap_end(scan))
		imap_bad(s, "something is left over at the end");
	return imap_end(scan);
}

bool imap_take_mailbox(imap_state *s, imap_scan *scan, span *name)
{
	span text;
	str read = str_new(4 * IMAP_NAME_MAX);
	bool there = imap_astring(scan, &text), good = there;
	if (!there)
		imap_bad(s, "a mailbox, please");
	else if (!imap_name_read(text, s->box.utf8, &read))
		good = false;
	else
		*name = arena_dup(&s->mem, str_span(&read));
	if (there && !good)
		imap_no(s, "[CANNOT] no mailbox can have that name");
	str_free(&read);
	return good && name->p;
}

bool imap_take_messages(imap_state *s, imap_scan *scan, bool uid, size_t **indexes, size_t *count)
{
	imap_set set;
	if (!imap_set_parse(scan, &set)) {
		imap_bad(s, "a set of messages, please");
		return false;
	}
	if (imap_box_choose(&s->box, &set, uid, indexes, count))
		return true;
	imap_bad(s, "no such message");
	return false;
}
