#include "imap/session.h"

#include "base/die.h"
#include "imap/state.h"
#include "imap/tree.h"
#include "imap/verb.h"
#include "io/log.h"

enum { MEMORY = 64 << 20 }; /* octets of one command: a set of millions of messages */

static const imap_verb_entry *const families[] = {
    imap_general_verbs, imap_mailbox_verbs, imap_select_verbs, imap_list_verbs, imap_message_verbs};

static const imap_verb_entry *find_in(const imap_verb_entry *family, span verb)
{
	for (; family->name; family++)
		if (span_eqi(verb, span_str(family->name)))
			return family;
	return NULL;
}

static const imap_verb_entry *find(imap_scan *s, span verb)
{
	const imap_verb_entry *e = NULL;
	if (span_eqi(verb, S("UID")))
		return imap_verb(s, &verb) ? find_in(imap_uid_verbs, verb) : NULL;
	for (size_t i = 0; !e && i < sizeof families / sizeof *families; i++)
		e = find_in(families[i], verb);
	return e;
}

static void dispatch(imap_state *s, span command)
{
	imap_scan scan = {.rest = command, .mem = &s->mem, .utf8 = s->box.utf8};
	span verb;
	s->tag = S("");
	s->update = IMAP_TELL_NOTHING;
	if (!imap_tag(&scan, &s->tag) || !imap_verb(&scan, &verb)) {
		imap_bad(s, "tag command");
		return;
	}
	const imap_verb_entry *e = find(&scan, verb);
	if (!e) {
		imap_bad(s, "command not known");
	} else if (e->selected && !s->box.f) {
		imap_bad(s, "select a mailbox first");
	} else if (!e->takes && !imap_end(&scan)) {
		imap_bad(s, "no argument, please");
	} else {
		s->update = e->update;
		e->function(s, &scan);
	}
}

static void refused(imap_state *s, span command)
{
	imap_scan scan = {.rest = command, .mem = &s->mem};
	s->tag = S("");
	(void)imap_tag(&scan, &s->tag);
	if (span_starts(span_str(s->reader.words), S("NO ")))
		imap_no(s, s->reader.words + 3);
	else
		imap_bad(s, s->reader.words + 4); /* behind "BAD " */
}

static void one_command(imap_state *s)
{
	span command;
	enum imap_read r = imap_read_command(&s->reader, &command);
	s->commands++;
	switch (r) {
	case IMAP_READ:
		dispatch(s, command);
		break;
	case IMAP_READ_BAD:
		refused(s, command);
		break;
	case IMAP_READ_BYE:
		imap_bye(s, "too long");
		break;
	case IMAP_READ_STOP:
		imap_bye(s, "[UNAVAILABLE] going down");
		break;
	case IMAP_READ_LATE:
		imap_bye(s, "nothing heard for half an hour");
		break;
	default:
		s->over = true;
		break;
	}
	imap_append_forget(s);
	arena_reset(&s->mem);
	s->over |= s->out->error != 0;
}

static void log_end_of(const imap_state *s)
{
	log_line l;
	log_begin(&l, "logout");
	log_puts(&l, "user", s->l->address);
	log_putn(&l, "commands", (int64_t)s->commands);
	log_putn(&l, "appended", (int64_t)s->appended);
	log_putn(&l, "expunged", (int64_t)s->expunged);
	log_end(&l);
}

/* The talker's words are not to be believed: what is no tag gets none. */
static span checked_tag(span state, arena *mem)
{
	str line = str_new(IMAP_TAG_MAX + 2);
	span tag = S("");
	(void)str_put(&line, state);
	(void)str_putc(&line, ' ');
	imap_scan s = {.rest = str_span(&line), .mem = mem};
	if (!imap_tag(&s, &tag) || !imap_end(&s))
		tag = S("");
	tag = arena_dup(mem, tag);
	str_free(&line);
	return tag;
}

/* The answer to the command that logged in. Who has no room for the usual mailboxes reads his mail all the same. */
static void welcome(imap_state *s)
{
	s->tag = checked_tag(s->l->state, &s->mem);
	if (!imap_tree_prepare(s->l->maildir))
		imap_trouble(s, "making the usual mailboxes", strerror(errno));
	out_put(s->out, s->tag.n ? s->tag : S("*"));
	out_puts(s->out, " OK [CAPABILITY");
	imap_capabilities(s->out, NULL);
	out_puts(s->out, "] logged in\r\n");
}

int imap_session(login_session *l)
{
	imap_state s = {.l = l,
			.out = l->out,
			.mem = arena_new(MEMORY),
			.name = str_new(4096),
			.spool = -1,
			.code = EX_OK};
	s.reader = imap_reader_new(l->in, l->out, IMAP_COMMAND_MAX);
	s.reader.stop = l->stop;
	s.reader.waiting = l->waiting;
	s.reader.literal = imap_append_literal;
	s.reader.arg = &s;
	s.converters = conv_new();
	s.opener = conv_opener(s.converters);
	s.box = (imap_box){.out = l->out, .mem = &s.mem, .opener = &s.opener};
	l->in->idle_ms = l->out->idle_ms = IMAP_IDLE_MS;
	welcome(&s);
	while (!s.over)
		one_command(&s);
	(void)out_flush(l->out);
	log_end_of(&s);
	imap_unselect(&s);
	imap_append_forget(&s);
	str_free(&s.name);
	imap_reader_free(&s.reader);
	conv_free(s.converters);
	l->in->filter = NULL;
	l->out->filter = NULL;
	deflate_free(s.deflate);
	arena_free(&s.mem);
	return l->out->error ? EX_TEMPFAIL : s.code;
}
