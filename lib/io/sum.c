#include "io/sum.h"

#include <zlib.h>

uint32_t sum_crc32(uint32_t so_far, span octets)
{
	return (uint32_t)crc32_z(so_far, (const unsigned char *)octets.p, octets.n);
}
