/* links: smtp mail io base : z */
/* The data of a message, cut where the input says, against a plain reading of RFC 5321, 4.5.2. */
#include "smtp/data.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

/* Where CRLF.CRLF ends, the start counting as the end of a line; size + 1 where it does not. */
static size_t end_of(const char *p, size_t n)
{
	if (n >= 3 && memcmp(p, ".\r\n", 3) == 0)
		return 3;
	const char *at = memmem(p, n, "\r\n.\r\n", 5);
	return at ? (size_t)(at - p) + 5 : n + 1;
}

static size_t convert(data *d, const char *p, size_t n, size_t step, char *to, size_t *used)
{
	size_t got = 0;
	*used = 0;
	while (*used < n && d->state != DATA_END) {
		size_t piece = step && step < n - *used ? step : n - *used;
		char *copy = malloc(piece), *room = malloc(piece + DATA_SLACK);
		if (!copy || !room)
			abort();
		memcpy(copy, p + *used, piece);
		span from = {copy, piece};
		size_t more = data_convert(d, &from, room);
		memcpy(to + got, room, more);
		got += more;
		*used += piece - from.n;
		free(copy);
		free(room);
	}
	return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	if (size < 1)
		return 0;
	const char *p = (const char *)octets + 1;
	size_t n = size - 1, used_whole, used_cut, end = end_of(p, n);
	char *whole = malloc(n + DATA_SLACK), *cut = malloc(n + DATA_SLACK);
	if (!whole || !cut)
		abort();
	data a = {.state = DATA_LINE}, b = {.state = DATA_LINE};
	size_t n_whole = convert(&a, p, n, 0, whole, &used_whole);
	size_t n_cut = convert(&b, p, n, octets[0] % 16 + 1u, cut, &used_cut);
	if (n_whole != n_cut || memcmp(whole, cut, n_cut) || used_whole != used_cut)
		abort();
	if (a.state != b.state || a.wire != b.wire || a.bare_cr != b.bare_cr ||
	    a.bare_lf != b.bare_lf)
		abort();
	if ((a.state == DATA_END) != (end <= n) || (end <= n && used_whole != end))
		abort();
	if (!a.bare_cr && memchr(whole, '\r', n_whole))
		abort();
	free(whole);
	free(cut);
	return 0;
}
