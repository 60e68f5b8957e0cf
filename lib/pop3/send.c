#include "pop3/send.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/die.h"

enum { CHUNK = 131072 };

typedef struct sending {
	out *to;
	pop3_top *top; /* NULL: all of it */
	crlf w;
	char *wire; /* CHUNK octets */
} sending;

/* True where TOP wants no more. */
static bool send_piece(sending *s, span from)
{
	if (s->top)
		from.n = pop3_top_some(s->top, from);
	while (from.n) {
		size_t made = crlf_some(&s->w, &from, s->wire, CHUNK);
		out_put(s->to, span_of(s->wire, made));
	}
	return s->top && s->top->done;
}

bool pop3_send(out *to, span front, int fd, pop3_top *top)
{
	char *buf = xmalloc(2 * CHUNK);
	sending s = {to, top, {.dots = true}, buf + CHUNK};
	ssize_t n = 0;
	bool done = send_piece(&s, front);
	while (!done && (n = read(fd, buf, CHUNK)) > 0 && !to->error)
		done = send_piece(&s, span_of(buf, (size_t)n));
	if (n >= 0)
		out_put(to, span_of(s.wire, pop3_wire_end(&s.w, s.wire)));
	free(buf);
	return n >= 0;
}
