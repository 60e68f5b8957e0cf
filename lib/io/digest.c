#include "io/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

bool digest_sha256(span octets, unsigned char out[static DIGEST_SHA256])
{
	return EVP_Digest(octets.p, octets.n, out, NULL, EVP_sha256(), NULL) == 1;
}

bool digest_hmac_sha256(span key, span octets, unsigned char out[static DIGEST_SHA256])
{
	unsigned n = 0;
	const unsigned char *data = (const unsigned char *)octets.p;
	return key.n <= INT_MAX &&
	       HMAC(EVP_sha256(), key.p, (int)key.n, data, octets.n, out, &n) != NULL &&
	       n == DIGEST_SHA256;
}

bool digest_pbkdf2_sha256(span password, span salt, unsigned iterations,
			  unsigned char out[static DIGEST_SHA256])
{
	if (password.n > INT_MAX || salt.n > INT_MAX || iterations > INT_MAX)
		return false;
	return PKCS5_PBKDF2_HMAC(password.p, (int)password.n, (const unsigned char *)salt.p,
				 (int)salt.n, (int)iterations, EVP_sha256(), DIGEST_SHA256,
				 out) == 1;
}

bool digest_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}
