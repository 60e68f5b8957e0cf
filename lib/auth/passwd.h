/* The table PABAL_ROOT/passwd (pabal-passwd(5)): `address:{CRYPT}HASH {SCRAM-SHA-256}VERIFIER`,
 * schemes parted by one blank. {CRYPT} is any hash of crypt(5) that starts with '$'; new ones are
 * yescrypt. */
#ifndef AUTH_PASSWD_H
#define AUTH_PASSWD_H

#include "auth/scram.h"

enum { PASSWD_MAX = 256 }; /* octets of a password */

enum passwd_result {
	PASSWD_RIGHT,
	PASSWD_WRONG, /* or no such address */
	PASSWD_DOUBT, /* a table that cannot be read, a malformed entry: temporary */
};

/* A password that can be kept: 1 to PASSWD_MAX octets, none of them a control octet. */
bool passwd_usable(span password);
/* The value of an entry, a fresh salt for each scheme. false with errno. */
bool passwd_make(span password, str *value);
/* Against one value. */
enum passwd_result passwd_verify(span value, span password);
/* The verifier in a value; false where it has none or it is malformed. */
bool passwd_scram(span value, scram *);
/* Whether a value has a form that passwd_verify() understands, for mail-doctor. */
bool passwd_valid(span value);

#endif
