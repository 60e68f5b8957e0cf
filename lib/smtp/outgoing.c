#include "smtp/outgoing.h"

#include <errno.h>
#include <stdlib.h>

#include "base/die.h"
#include "io/file.h"

static bool eight_bit_header(span s)
{
	for (size_t i = 0; i < s.n && !(i && s.p[i] == '\n' && s.p[i - 1] == '\n'); i++)
		if ((unsigned char)s.p[i] > 0x7f)
			return true;
	return false;
}

bool outgoing_open(outgoing *o, int fd, off_t offset)
{
	ssize_t n;
	*o = (outgoing){.fd = fd, .offset = offset, .chunk = xmalloc(OUTGOING_CHUNK)};
	do {
		n = file_pread(fd, o->chunk, OUTGOING_CHUNK, offset);
		if (n > 0) {
			bool first = o->facts.octets == 0;
			stuff_look(&o->facts, span_of(o->chunk, (size_t)n));
			if (first && o->facts.eight_bit)
				o->header_eight = eight_bit_header(span_of(o->chunk, (size_t)n));
			offset += n;
		}
	} while (n == OUTGOING_CHUNK);
	if (n == 0 && o->facts.octets == 0) {
		errno = ENODATA;
		n = -1;
	}
	stuff_look_end(&o->facts);
	if (n < 0)
		outgoing_close(o);
	return n >= 0;
}

void outgoing_close(outgoing *o)
{
	free(o->chunk);
	o->chunk = NULL;
	if (o->seven)
		outgoing_close(o->seven);
	free(o->seven);
	o->seven = NULL;
}

static void write_chunk(stuff *s, span chunk, char *wire, out *to)
{
	while (chunk.n && !to->error) {
		size_t n = stuff_some(s, &chunk, wire, OUTGOING_CHUNK);
		out_put(to, span_of(wire, n));
	}
}

bool outgoing_write(outgoing *o, out *to)
{
	char *wire = xmalloc(OUTGOING_CHUNK), end[STUFF_END_ROOM];
	uint64_t sent = 0;
	stuff s = {.in_line = false};
	bool in_memory = o->facts.octets <= OUTGOING_CHUNK, same = true;
	while (same && sent < o->facts.octets && !to->error) {
		ssize_t n = in_memory ? (ssize_t)o->facts.octets
				      : file_pread(o->fd, o->chunk, OUTGOING_CHUNK,
						   o->offset + (off_t)sent);
		same = n > 0 && (uint64_t)n <= o->facts.octets - sent;
		if (same) {
			write_chunk(&s, span_of(o->chunk, (size_t)n), wire, to);
			sent += (uint64_t)n;
		}
	}
	free(wire);
	if (!same) {
		errno = ESTALE;
		return false;
	}
	out_put(to, span_of(end, stuff_end(&s, end)));
	errno = to->error;
	return !to->error;
}
