/* CRC-32 (zlib's) over octets: tells a torn or partial file, not a forged one. */
#ifndef IO_SUM_H
#define IO_SUM_H

#include "base/span.h"

uint32_t sum_crc32(uint32_t so_far, span octets); /* so_far is 0 at first */

#endif
