/* SHA-256, HMAC and PBKDF2 (RFC 8018), and comparison without a timing hint. The only user of
 * libcrypto's EVP. false where the library refuses (no memory, a policy): a doubt, never a "no". */
#ifndef IO_DIGEST_H
#define IO_DIGEST_H

#include "base/span.h"

enum { DIGEST_SHA256 = 32 };

/* SHA-256 of octets as they come. Owned by the caller until digest_end(), which frees it. */
typedef struct digest digest;
digest *digest_begin(void); /* NULL where the library refuses */
void digest_put(digest *, span octets);
bool digest_end(digest *, unsigned char out[static DIGEST_SHA256]);

bool digest_sha256(span octets, unsigned char out[static DIGEST_SHA256]);
bool digest_hmac_sha256(span key, span octets, unsigned char out[static DIGEST_SHA256]);
bool digest_pbkdf2_sha256(span password, span salt, unsigned iterations,
			  unsigned char out[static DIGEST_SHA256]);
/* Takes as long whether the octets differ early, late or not at all. */
bool digest_equal(const void *a, const void *b, size_t n);

#endif
