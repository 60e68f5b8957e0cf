/* A whole message as octets, without a copy of it in private memory. */
#ifndef IO_MAP_H
#define IO_MAP_H

#include "base/span.h"

typedef struct map {
	span octets; /* from the descriptor's offset at map_open() to the end; lives until map_close() */
	void *base;
	size_t size;
} map;

/* Maps a regular file; what is no file (a pipe) is first copied to an unlinked temporary file, at most
 * max octets (EFBIG). A file that another process cuts short while it is mapped ends this process with
 * exit 75 and a line on fd 2, never with a signal. False with errno. The descriptor stays the
 * caller's. */
bool map_open(map *, int fd, uint64_t max);
void map_close(map *);

#endif
