/* links: mail io base */
/* Any references make a tree in which each message is once, and no child is above its parent. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/str.h"
#include "mail/fold.h"
#include "mail/subject.h"
#include "mail/thread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 64 };

typedef struct seen {
	bool message[MOST];
	size_t n;
	unsigned depth; /* of the one before */
} seen;

static void look(void *arg, uint32_t message, unsigned depth)
{
	seen *s = arg;
	if (message >= MOST || s->message[message])
		abort();
	if (s->n == 0 ? depth > 0 : depth > s->depth + 1)
		abort();
	s->message[message] = true;
	s->n++;
	s->depth = depth;
}

static void judge(const thread_tree *t)
{
	for (uint32_t i = 0; i < t->count; i++)
		for (uint32_t c = t->nodes[i].child; c != THREAD_NONE; c = t->nodes[c].next)
			if (t->nodes[c].parent != i)
				abort();
}

/* A message a line: ID, references, In-Reply-To and subject, with tabs between them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	span rest = span_of((const char *)data, size);
	thread_message in[MOST];
	str forms[MOST];
	arena mem = arena_new(1 << 24);
	thread_tree t;
	seen s = {0};
	size_t n = 0;
	for (; rest.n && n < MOST; n++) {
		span line = span_cut(&rest, '\n');
		in[n].id = span_cut(&line, '\t');
		in[n].references = span_cut(&line, '\t');
		in[n].in_reply_to = span_cut(&line, '\t');
		span base = subject_base(line, &in[n].reply);
		if (base.n && (base.p < line.p || base.p + base.n > line.p + line.n))
			abort();
		forms[n] = str_new(1 << 20);
		fold_text(base, &forms[n]);
		in[n].subject = str_span(&forms[n]);
		in[n].date = (int64_t)line.n;
	}
	if (thread_build(in, n, &mem, &t)) {
		judge(&t);
		thread_walk(&t, look, &s);
		if (s.n != n)
			abort();
	}
	for (size_t i = 0; i < n; i++)
		str_free(&forms[i]);
	arena_free(&mem);
	return 0;
}
