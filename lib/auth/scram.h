/* SCRAM-SHA-256 verifiers (RFC 5802, section 3; RFC 7677): what a server keeps instead of the
 * password. As text: ITERATIONS,SALT,STOREDKEY,SERVERKEY, the last three in base64. */
#ifndef AUTH_SCRAM_H
#define AUTH_SCRAM_H

#include "base/str.h"
#include "io/digest.h"

enum { SCRAM_ITERATIONS = 4096, SCRAM_SALT_MAX = 64, SCRAM_NEW_SALT = 16 };

typedef struct scram {
	unsigned iterations;
	unsigned char salt[SCRAM_SALT_MAX];
	size_t salt_n;
	unsigned char stored[DIGEST_SHA256], server[DIGEST_SHA256];
} scram;

/* The keys of a password. SASLprep (RFC 4013) leaves ASCII as it is; other octets are taken as
 * written. */
bool scram_derive(span password, span salt, unsigned iterations, scram *);
/* With a new random salt and SCRAM_ITERATIONS. */
bool scram_make(span password, scram *);
bool scram_write(const scram *, str *to);
/* false: malformed (iterations outside of 1 to 10,000,000, a key of another length …). */
bool scram_read(span text, scram *);

/* A client's proof over AuthMessage: ClientKey = proof XOR HMAC(StoredKey, AuthMessage), right
 * where its hash is StoredKey. *right is set; the return value says whether it could be computed.
 */
bool scram_proof(const scram *, span auth_message, span proof, bool *right);
/* The client's side: its proof for a password, and the ServerSignature that a server which knows the keys will show. */
bool scram_prove(span password, span salt, unsigned iterations, span auth_message,
		 unsigned char proof[static DIGEST_SHA256],
		 unsigned char signature[static DIGEST_SHA256]);
/* ServerSignature = HMAC(ServerKey, AuthMessage). */
bool scram_signature(const scram *, span auth_message, unsigned char out[static DIGEST_SHA256]);

#endif
