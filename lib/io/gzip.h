/* gzip files (RFC 1952), by zlib. */
#ifndef IO_GZIP_H
#define IO_GZIP_H

#include "base/span.h"

/* Writes the octets compressed to fd, without a name and a time: the same octets give the same file. False with
 * errno. */
bool gzip_write(int fd, span octets);

#endif
