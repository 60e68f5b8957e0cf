#include "smtp/data.h"

#include <string.h>

/* Inside a line: everything up to the next LF at once. Leaves the state at what stands before the
 * LF. */
static size_t take_part(data *d, span *from, char *to)
{
	const char *lf = memchr(from->p, '\n', from->n);
	size_t n = lf ? (size_t)(lf - from->p) : from->n;
	bool cr = n && from->p[n - 1] == '\r';
	size_t text = cr ? n - 1 : n;
	if (text && memchr(from->p, '\r', text))
		d->bare_cr = true;
	memcpy(to, from->p, text);
	*from = span_sub(*from, n, from->n);
	d->wire += n;
	d->state = cr ? DATA_CR : DATA_PART;
	return text;
}

static size_t put(data *d, enum data_state next, char *to, const char *octets, size_t n)
{
	memcpy(to, octets, n);
	d->state = next;
	return n;
}

/* One octet at a place where it matters. */
static size_t take_octet(data *d, char c, char *to)
{
	char held[2] = {'\r', c};
	enum data_state was = d->state;
	d->wire++;
	if (c == '\n' && was != DATA_CR && was != DATA_DOT_CR)
		d->bare_lf = true;
	if (c != '\n' && (was == DATA_CR || was == DATA_DOT_CR))
		d->bare_cr = true;
	switch (was) {
	case DATA_LINE:
		if (c == '.') {
			d->state = DATA_DOT;
			return 0;
		}
		/* fall through */
	case DATA_PART:
		if (c != '\r')
			return put(d, DATA_PART, to, &c, 1);
		d->state = DATA_CR;
		return 0;
	case DATA_DOT:
		if (c == '\n') /* no line of the protocol: the dot is text */
			return put(d, DATA_PART, to, ".\n", 2);
		d->wire--;
		if (c != '\r')
			return put(d, DATA_PART, to, &c, 1);
		d->state = DATA_DOT_CR;
		return 0;
	case DATA_DOT_CR:
		if (c == '\n') {
			d->state = DATA_END;
			d->wire -= 2;
			return 0;
		}
		/* fall through */
	case DATA_CR:
		if (c == '\n')
			return put(d, d->chunk ? DATA_PART : DATA_LINE, to, &c, 1);
		if (c == '\r')
			return put(d, DATA_CR, to, &c, 1);
		return put(d, DATA_PART, to, held, 2);
	case DATA_END:
	default:
		return 0;
	}
}

size_t data_convert(data *d, span *from, char *to)
{
	size_t n = 0;
	while (from->n && d->state != DATA_END) {
		if (d->state == DATA_PART || (d->state == DATA_LINE && from->p[0] != '.')) {
			n += take_part(d, from, to + n);
			if (from->n == 0)
				break;
		}
		n += take_octet(d, from->p[0], to + n);
		*from = span_sub(*from, 1, from->n);
	}
	return n;
}
