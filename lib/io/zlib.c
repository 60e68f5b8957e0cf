/* The only user of zlib: CRC-32 (sum.h), gzip (gzip.h) and DEFLATE over a connection (deflate.h). */
#include <zlib.h>

#include <errno.h>

#include "base/die.h"
#include "io/deflate.h"
#include "io/gzip.h"
#include "io/out.h"
#include "io/sum.h"

enum { PIECE = 65536, GZIP = 16 /* added to the window's bits: a gzip header */ };

uint32_t sum_crc32(uint32_t so_far, span octets)
{
	return (uint32_t)crc32_z(so_far, (const unsigned char *)octets.p, octets.n);
}

/* All of one piece of input; `flush` is Z_FINISH with the last one. */
static bool squeeze(z_stream *z, span piece, int flush, int fd)
{
	unsigned char buf[PIECE];
	z->next_in = (unsigned char *)(uintptr_t)piece.p;
	z->avail_in = (unsigned)piece.n;
	do {
		z->next_out = buf;
		z->avail_out = sizeof buf;
		(void)deflate(z, flush); /* with room for output it cannot fail */
		if (!write_all(fd, span_of((char *)buf, sizeof buf - z->avail_out)))
			return false;
	} while (z->avail_out == 0);
	return true;
}

bool gzip_write(int fd, span octets)
{
	z_stream z = {0};
	bool done = true, last;
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		errno = ENOMEM;
		return false;
	}
	do {
		span piece = span_sub(octets, 0, PIECE);
		octets = span_sub(octets, PIECE, octets.n);
		last = octets.n == 0;
		done = squeeze(&z, piece, last ? Z_FINISH : Z_NO_FLUSH, fd);
	} while (done && !last);
	int error = errno;
	(void)deflateEnd(&z);
	errno = error;
	return done;
}

/* ---- a connection */

/* A client may use the whole window of 32 KiB; what we write needs less, and so less memory: 64 KiB for each of window and
 * tables in place of 128. */
enum { RAW_MIN = -15, WINDOW_OUT = -14, LEVEL_OUT = 7, ROOM = 4096 };

struct deflate_pair {
	in_filter from;
	out_filter to;
	z_stream inflating, deflating;
	bool full;  /* the last inflate(3) had no room for all that it has */
	bool ended; /* the stream is at its end, or is none */
	bool dirty; /* something was taken in since the last flush */
	unsigned char raw[ROOM], made[ROOM];
};

static deflate_pair *of_in(in_filter *f)
{
	return (deflate_pair *)((char *)f - offsetof(deflate_pair, from));
}

static deflate_pair *of_out(out_filter *f)
{
	return (deflate_pair *)((char *)f - offsetof(deflate_pair, to));
}

static bool has_octets(const in_filter *f)
{
	const deflate_pair *p =
	    (const deflate_pair *)((const char *)f - offsetof(deflate_pair, from));
	return !p->ended && (p->inflating.avail_in || p->full);
}

static ssize_t read_inflated(in_filter *f, int fd, void *to, size_t room)
{
	deflate_pair *p = of_in(f);
	z_stream *z = &p->inflating;
	if (p->ended)
		return 0;
	if (!has_octets(f)) {
		ssize_t n = read(fd, p->raw, sizeof p->raw);
		if (n <= 0)
			return n;
		z->next_in = p->raw;
		z->avail_in = (unsigned)n;
	}
	z->next_out = to;
	z->avail_out = room < PIECE ? (unsigned)room : PIECE;
	unsigned asked = z->avail_out;
	int result = inflate(z, Z_SYNC_FLUSH);
	unsigned made = asked - z->avail_out;
	p->full = z->avail_out == 0;
	p->ended = result != Z_OK && result != Z_BUF_ERROR;
	if (made || p->ended)
		return (ssize_t)made;
	errno = EINTR;
	return -1;
}

static size_t deflate_some(deflate_pair *p, span *from, bool flush)
{
	z_stream *z = &p->deflating;
	span piece = span_sub(*from, 0, PIECE);
	z->next_in = (unsigned char *)(uintptr_t)piece.p;
	z->avail_in = (unsigned)piece.n;
	z->next_out = p->made;
	z->avail_out = sizeof p->made;
	bool last = flush && piece.n == from->n;
	(void)deflate(z,
		      last ? Z_SYNC_FLUSH : Z_NO_FLUSH); /* with room for output it cannot fail */
	*from = span_sub(*from, piece.n - z->avail_in, from->n);
	if (last && z->avail_out)
		p->dirty = false;
	return sizeof p->made - z->avail_out;
}

static span next_deflated(out_filter *f, span *from, bool flush)
{
	deflate_pair *p = of_out(f);
	size_t made = 0;
	p->dirty |= from->n != 0;
	while (!made && (from->n || (flush && p->dirty)))
		made = deflate_some(p, from, flush);
	return span_of((char *)p->made, made);
}

deflate_pair *deflate_on(in *from, out *to)
{
	deflate_pair *p = xcalloc(1, sizeof *p);
	if (in_buffered(from) > sizeof p->raw || inflateInit2(&p->inflating, RAW_MIN) != Z_OK) {
		free(p);
		return NULL;
	}
	if (deflateInit2(&p->deflating, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_OUT, LEVEL_OUT,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		(void)inflateEnd(&p->inflating);
		free(p);
		return NULL;
	}
	span rest = span_of(from->buf + from->at, in_buffered(from));
	if (rest.n)
		memcpy(p->raw, rest.p, rest.n);
	p->inflating.next_in = p->raw;
	p->inflating.avail_in = (unsigned)rest.n;
	in_skip(from, rest.n);
	p->from = (in_filter){read_inflated, has_octets};
	p->to = (out_filter){next_deflated};
	from->filter = &p->from;
	to->filter = &p->to;
	return p;
}

void deflate_free(deflate_pair *p)
{
	if (!p)
		return;
	(void)inflateEnd(&p->inflating);
	(void)deflateEnd(&p->deflating);
	free(p);
}
