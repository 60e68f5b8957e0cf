/* A connection whose octets are DEFLATE streams (RFC 1951), one each way, as COMPRESS=DEFLATE wants it (RFC 4978). By zlib. */
#ifndef IO_DEFLATE_H
#define IO_DEFLATE_H

#include "io/in.h"
#include "io/out.h"

typedef struct deflate_pair deflate_pair;

/* From here on; what is buffered to be written must be flushed before, what is buffered unread is taken for compressed. NULL
 * where there is no memory; then nothing has changed. A stream that is none is an end of input. */
deflate_pair *deflate_on(in *, out *);
/* Frees it; in and out must not be used any more. */
void deflate_free(deflate_pair *);

#endif
