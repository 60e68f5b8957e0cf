#include "write/self.h"

#include <unistd.h>

#include "io/control.h"
#include "mail/people.h"
#include "queue/submit.h"

enum { MEM_MAX = 64 << 20, TEXT_MAX = 1 << 20 };

void self_open(self *s)
{
	char name[256] = "";
	s->mem = arena_new(MEM_MAX);
	s->count = 0;
	if (control_value("me", &s->mem, &s->host) == CONTROL_OK)
		return;
	(void)gethostname(name, sizeof name - 1);
	s->host = arena_dup(&s->mem, span_str(*name ? name : "localhost"));
}

void self_close(self *s)
{
	arena_free(&s->mem);
	s->count = 0;
}

typedef struct adding {
	self *s;
	const charset_opener *opener;
} adding;

static void add(void *arg, const addr *a, span name)
{
	adding *to = arg;
	str text = str_new(TEXT_MAX);
	people_put(a, name, to->opener, &text);
	span kept = arena_dup(&to->s->mem, str_span(&text));
	if (to->s->count < SELF_MAX && !a->null && kept.p)
		to->s->own[to->s->count++] = (inreply_own){*a, kept};
	str_free(&text);
}

bool self_add(self *s, span list, const charset_opener *opener)
{
	adding to = {s, opener};
	span kept = arena_dup(&s->mem, list);
	return kept.p && addr_list(kept, &s->mem, SELF_MAX, add, &to);
}

void self_add_login(self *s, const charset_opener *opener)
{
	span login = S(""), full = S(""), *domains = NULL;
	size_t count = 0;
	adding to = {s, opener};
	if (!submit_person(getuid(), &s->mem, &login, &full))
		login = S("nobody");
	addr a = {.local = login, .domain = s->host};
	add(&to, &a, full);
	if (control_list("domains", &s->mem, &domains, &count) != CONTROL_OK)
		return;
	for (size_t i = 0; i < count; i++) {
		a.domain = domains[i];
		add(&to, &a, full);
	}
}
