/* Logins that were right a short time ago, so that a client that comes back does not cost another hash of its
 * password (some 20 ms). PABAL_RUN/auth/successes holds keyed digests of address, password and the line of the table:
 * a changed password is not remembered, a removed user neither. The file may be deleted at any time. */
#ifndef AUTH_REMEMBER_H
#define AUTH_REMEMBER_H

#include "auth/secret.h"

enum { REMEMBER_S = 300 };

/* `value` is the table's, or what else the answer depends on. */
bool remember_has(const unsigned char key[static SECRET_OCTETS], span user, span password,
		  span value, int64_t now);
void remember_put(const unsigned char key[static SECRET_OCTETS], span user, span password,
		  span value, int64_t now, int64_t seconds);

#endif
