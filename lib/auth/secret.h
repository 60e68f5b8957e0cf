/* PABAL_ROOT/auth.key: 32 random octets that only auth-check reads, in base64. What is kept or shown of a login is
 * keyed by it: the false salts of users who are not there, and the remembered successes. */
#ifndef AUTH_SECRET_H
#define AUTH_SECRET_H

#include "io/digest.h"

enum { SECRET_OCTETS = 32 };

/* Reads the key; makes it where it is missing and may be made. false with errno (EINVAL: malformed). */
bool secret_read(unsigned char key[static SECRET_OCTETS]);
/* A keyed digest of `purpose` and `octets`. */
bool secret_mac(const unsigned char key[static SECRET_OCTETS], span purpose, span octets,
		unsigned char mac[static DIGEST_SHA256]);

#endif
