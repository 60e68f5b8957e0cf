#include "mail/original.h"

#include <stdlib.h>

#include "base/die.h"
#include "mail/header.h"

/* Whether the part lies in an enclosed message: that one is carried as a whole. Parents stand before their parts. */
static void mark_enclosed(const part_tree *t, bool *enclosed)
{
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t parent = t->parts[i].parent;
		enclosed[i] = parent != PART_NONE &&
			      (enclosed[parent] || t->parts[parent].kind == PART_MESSAGE);
	}
}

typedef struct looking {
	enum body_role *roles;
	bool *enclosed;
} looking;

static looking look(const part_tree *t)
{
	looking l = {xcalloc(t->count, sizeof *l.roles), xcalloc(t->count, sizeof *l.enclosed)};
	body_roles(t, l.roles);
	mark_enclosed(t, l.enclosed);
	return l;
}

static void end(looking *l)
{
	free(l->roles);
	free(l->enclosed);
}

void original_text(const part_tree *t, const body_style *style, str *to)
{
	looking l = look(t);
	for (uint32_t i = 0; i < t->count; i++) {
		if (l.roles[i] != BODY_TEXT || l.enclosed[i])
			continue;
		if (to->n && !span_ends(str_span(to), S("\n")))
			(void)str_putc(to, '\n');
		if (to->n)
			(void)str_putc(to, '\n');
		body_text(t->parts + i, style, to);
	}
	end(&l);
}

void original_parts(const part_tree *t, original_each *each, void *arg)
{
	looking l = look(t);
	for (uint32_t i = 0; i < t->count; i++)
		if ((l.roles[i] == BODY_ATTACHED || l.roles[i] == BODY_MESSAGE) && !l.enclosed[i])
			each(arg, i);
	end(&l);
}

void original_fields(const part *p, str *to)
{
	span rest = p->header;
	header_field f;
	while (header_next(&rest, &f) == HEADER_FIELD) {
		if (!span_startsi(f.name, S("Content-")))
			continue;
		(void)str_put(to, f.raw);
		if (!span_ends(f.raw, S("\n")))
			(void)str_putc(to, '\n');
	}
}
