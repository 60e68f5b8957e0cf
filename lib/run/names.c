#include "run/names.h"

#include "base/die.h"

bool names_empty(const names *q)
{
	return q->head == q->count;
}

bool names_full(const names *q)
{
	return q->count == q->room && q->room >= NAMES_MAX && q->head <= q->room / 2;
}

bool names_push(names *q, const queue_name *one)
{
	if (q->count == q->room && q->head > q->room / 2) {
		memmove(q->v, q->v + q->head, (q->count - q->head) * sizeof *q->v);
		q->count -= q->head;
		q->head = 0;
	}
	if (q->count == q->room) {
		if (q->room >= NAMES_MAX)
			return false;
		q->room = q->room ? q->room * 2 : 16;
		q->v = xrealloc(q->v, q->room, sizeof *q->v);
	}
	q->v[q->count++] = *one;
	return true;
}

bool names_pop(names *q, queue_name *one)
{
	if (names_empty(q))
		return false;
	*one = q->v[q->head++];
	if (q->head == q->count)
		q->head = q->count = 0;
	return true;
}

void names_move(names *from, names *to, size_t max)
{
	queue_name one;
	while (max-- > 0 && names_pop(from, &one))
		if (!names_push(to, &one))
			return;
}

void names_free(names *q)
{
	free(q->v);
	*q = (names){NULL, 0, 0, 0};
}
