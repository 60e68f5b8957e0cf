#include "io/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/die.h"

struct digest {
	EVP_MD_CTX *context;
	bool failed;
};

digest *digest_begin(void)
{
	digest *d = xcalloc(1, sizeof *d);
	d->context = EVP_MD_CTX_new();
	if (d->context && EVP_DigestInit_ex(d->context, EVP_sha256(), NULL) == 1)
		return d;
	EVP_MD_CTX_free(d->context);
	free(d);
	return NULL;
}

void digest_put(digest *d, span octets)
{
	d->failed |= EVP_DigestUpdate(d->context, octets.p, octets.n) != 1;
}

bool digest_end(digest *d, unsigned char out[static DIGEST_SHA256])
{
	bool done = !d->failed && EVP_DigestFinal_ex(d->context, out, NULL) == 1;
	EVP_MD_CTX_free(d->context);
	free(d);
	return done;
}

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
