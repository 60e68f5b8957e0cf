#include "auth/scram.h"

#include <sys/random.h>

#include "mail/base64.h"

enum { ITERATIONS_MAX = 10000000 };

static span octets(const unsigned char *p, size_t n)
{
	return span_of((const char *)p, n);
}

/* ClientKey and, in *s, what follows from the password. */
static bool derive(span password, span salt, unsigned iterations, scram *s,
		   unsigned char client[static DIGEST_SHA256])
{
	unsigned char salted[DIGEST_SHA256];
	if (!salt.n || salt.n > SCRAM_SALT_MAX)
		return false;
	memset(s, 0, sizeof *s);
	s->iterations = iterations;
	s->salt_n = salt.n;
	memcpy(s->salt, salt.p, salt.n);
	bool done = digest_pbkdf2_sha256(password, salt, iterations, salted) &&
		    digest_hmac_sha256(octets(salted, sizeof salted), S("Client Key"), client) &&
		    digest_sha256(octets(client, DIGEST_SHA256), s->stored) &&
		    digest_hmac_sha256(octets(salted, sizeof salted), S("Server Key"), s->server);
	explicit_bzero(salted, sizeof salted);
	return done;
}

bool scram_derive(span password, span salt, unsigned iterations, scram *s)
{
	unsigned char client[DIGEST_SHA256];
	bool done = derive(password, salt, iterations, s, client);
	explicit_bzero(client, sizeof client);
	return done;
}

bool scram_make(span password, scram *s)
{
	unsigned char salt[SCRAM_NEW_SALT];
	return getrandom(salt, sizeof salt, 0) == (ssize_t)sizeof salt &&
	       scram_derive(password, octets(salt, sizeof salt), SCRAM_ITERATIONS, s);
}

bool scram_write(const scram *s, str *to)
{
	return str_putu(to, s->iterations) && str_putc(to, ',') &&
	       base64_write(octets(s->salt, s->salt_n), to) && str_putc(to, ',') &&
	       base64_write(octets(s->stored, sizeof s->stored), to) && str_putc(to, ',') &&
	       base64_write(octets(s->server, sizeof s->server), to);
}

static bool read_key(span text, unsigned char *to, size_t min, size_t max, size_t *n)
{
	str key = str_new(max);
	bool done = base64_read(text, &key) && key.n >= min;
	if (done) {
		memcpy(to, key.p, key.n);
		*n = key.n;
	}
	str_free(&key);
	return done;
}

bool scram_read(span text, scram *s)
{
	uint64_t iterations;
	size_t n;
	span salt, stored;
	memset(s, 0, sizeof *s);
	if (!span_u64(span_cut(&text, ','), ITERATIONS_MAX, &iterations) || !iterations)
		return false;
	s->iterations = (unsigned)iterations;
	salt = span_cut(&text, ',');
	stored = span_cut(&text, ',');
	return read_key(salt, s->salt, 1, SCRAM_SALT_MAX, &s->salt_n) &&
	       read_key(stored, s->stored, DIGEST_SHA256, DIGEST_SHA256, &n) &&
	       read_key(text, s->server, DIGEST_SHA256, DIGEST_SHA256, &n);
}

bool scram_proof(const scram *s, span auth_message, span proof, bool *right)
{
	unsigned char signature[DIGEST_SHA256], hash[DIGEST_SHA256];
	*right = false;
	if (proof.n != DIGEST_SHA256)
		return true;
	if (!digest_hmac_sha256(octets(s->stored, sizeof s->stored), auth_message, signature))
		return false;
	for (size_t i = 0; i < DIGEST_SHA256; i++)
		signature[i] ^= (unsigned char)proof.p[i]; /* now ClientKey */
	if (!digest_sha256(octets(signature, sizeof signature), hash))
		return false;
	*right = digest_equal(hash, s->stored, sizeof hash);
	return true;
}

bool scram_signature(const scram *s, span auth_message, unsigned char out[static DIGEST_SHA256])
{
	return digest_hmac_sha256(octets(s->server, sizeof s->server), auth_message, out);
}

bool scram_prove(span password, span salt, unsigned iterations, span auth_message,
		 unsigned char proof[static DIGEST_SHA256],
		 unsigned char signature[static DIGEST_SHA256])
{
	unsigned char client[DIGEST_SHA256];
	scram s;
	bool done = derive(password, salt, iterations, &s, client) &&
		    digest_hmac_sha256(octets(s.stored, sizeof s.stored), auth_message, proof) &&
		    scram_signature(&s, auth_message, signature);
	for (size_t i = 0; i < DIGEST_SHA256; i++)
		proof[i] ^= client[i];
	explicit_bzero(client, sizeof client);
	explicit_bzero(&s, sizeof s);
	return done;
}
