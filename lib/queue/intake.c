#include "queue/intake.h"

void intake_open(intake *t, int fd, bool dot_ends)
{
	*t = (intake){.dot_ends = dot_ends, .line_start = true};
	in_open(&t->input, fd, INTAKE_PIECE);
}

void intake_close(intake *t)
{
	in_close(&t->input);
}

static bool ends_here(const intake *t, span s)
{
	return t->dot_ends && t->line_start && span_eq(span_chomp(s), S("."));
}

/* CR before LF goes; one at the end of a piece waits for the next piece; others are refused. */
static enum intake_result without_cr(intake *t, span s, span *piece)
{
	if (t->held_cr && s.p[0] != '\n')
		return INTAKE_BARE_CR;
	t->held_cr = false;
	size_t cr = span_find(s, '\r');
	*piece = s;
	if (cr == s.n)
		return INTAKE_OK;
	*piece = span_sub(s, 0, cr);
	if (cr + 1 == s.n) {
		t->held_cr = true;
		return INTAKE_OK;
	}
	if (cr + 2 != s.n || s.p[cr + 1] != '\n')
		return INTAKE_BARE_CR;
	/* The octets are our own buffer's. */
	((char *)(uintptr_t)s.p)[cr] = '\n';
	*piece = span_sub(s, 0, cr + 1);
	return INTAKE_OK;
}

static enum intake_result end(intake *t, span *piece)
{
	if (t->held_cr)
		return INTAKE_BARE_CR;
	if (t->ended || t->line_start)
		return INTAKE_END;
	t->ended = true;
	*piece = S("\n");
	return INTAKE_OK;
}

enum intake_result intake_next(intake *t, span *piece)
{
	span s;
	*piece = S("");
	if (t->ended)
		return INTAKE_END;
	switch (in_line(&t->input, INTAKE_PIECE, &s)) {
	case IN_OK:
	case IN_LONG:
		break;
	case IN_EOF:
		return end(t, piece);
	default:
		return INTAKE_ERROR;
	}
	if (ends_here(t, s)) {
		t->ended = true;
		return INTAKE_END;
	}
	enum intake_result r = without_cr(t, s, piece);
	t->line_start = s.n && s.p[s.n - 1] == '\n';
	return r;
}
