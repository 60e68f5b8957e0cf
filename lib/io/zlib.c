/* The only user of zlib: CRC-32 (sum.h) and gzip (gzip.h). */
#include <zlib.h>

#include <errno.h>

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
