#include "maildir/threads.h"

#include <stdlib.h>

#include "base/die.h"
#include "mail/fold.h"
#include "mail/subject.h"
#include "mail/thread.h"
#include "maildir/summary.h"

static const size_t MEMORY = (size_t)16 << 30;
enum { SUBJECT_MAX = 65536 };

enum {
	WANTS = 1 << SUMMARY_SUBJECT | 1 << SUMMARY_DATE | 1 << SUMMARY_ID |
		1 << SUMMARY_REFERENCES | 1 << SUMMARY_IN_REPLY_TO,
};

typedef struct threader {
	peek *reader;
	const charset_opener *opener;
	arena mem;
	thread_message *messages;
	str text, form; /* of a subject */
	scan_message *ordered;
	unsigned *depths;
	size_t n;
} threader;

static bool keep(threader *t, span s, span *to)
{
	*to = arena_dup(&t->mem, s);
	return to->p != NULL;
}

static bool read_one(threader *t, scan_message *m, thread_message *to)
{
	summary s;
	*to = (thread_message){S(""), S(""), S(""), S(""), false, m->arrived};
	if (!peek_message(t->reader, m))
		return true;
	summary_read(t->reader, m, WANTS, &s);
	str_clear(&t->text);
	str_clear(&t->form);
	summary_text(s.fields[SUMMARY_SUBJECT], t->opener, &t->text);
	fold_text(subject_base(str_span(&t->text), &to->reply), &t->form);
	to->date = s.date;
	return keep(t, str_span(&t->form), &to->subject) &&
	       keep(t, s.fields[SUMMARY_ID], &to->id) &&
	       keep(t, s.fields[SUMMARY_REFERENCES], &to->references) &&
	       keep(t, s.fields[SUMMARY_IN_REPLY_TO], &to->in_reply_to);
}

static void place(void *arg, uint32_t message, unsigned depth)
{
	threader *t = arg;
	t->ordered[t->n] = t->reader->scan->messages[message];
	t->depths[t->n++] = depth;
}

bool maildir_threads(peek *p, const charset_opener *opener, unsigned **depths)
{
	maildir_scan *s = p->scan;
	threader t = {.reader = p,
		      .opener = opener,
		      .mem = arena_new(MEMORY),
		      .text = str_new(SUBJECT_MAX),
		      .form = str_new(SUBJECT_MAX)};
	thread_tree tree;
	bool good = true;
	t.messages = xcalloc(s->count + 1, sizeof *t.messages);
	t.ordered = xcalloc(s->count + 1, sizeof *t.ordered);
	t.depths = xcalloc(s->count + 1, sizeof *t.depths);
	for (size_t i = 0; good && i < s->count; i++)
		good = read_one(&t, s->messages + i, t.messages + i);
	good = good && thread_build(t.messages, s->count, &t.mem, &tree);
	if (good) {
		thread_walk(&tree, place, &t);
		free(s->messages);
		s->messages = t.ordered;
		s->room = s->count + 1;
		*depths = t.depths;
	} else {
		free(t.ordered);
		free(t.depths);
	}
	free(t.messages);
	str_free(&t.text);
	str_free(&t.form);
	arena_free(&t.mem);
	return good;
}
