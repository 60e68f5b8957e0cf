/* SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash for short texts, 64 bits. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/span.h"

typedef struct siphash_key {
	uint64_t k0, k1;
} siphash_key;

uint64_t siphash(const siphash_key *, span octets);
/* A key from a secret of any length. */
siphash_key siphash_key_make(span secret);

#endif
