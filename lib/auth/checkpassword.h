/* A program with the interface of checkpassword: the user's name, the password and a time stamp, a NUL behind each, on
 * descriptor 3, 512 octets at most; exit 0: right, 1: wrong, 111 and everything else: temporary. */
#ifndef AUTH_CHECKPASSWORD_H
#define AUTH_CHECKPASSWORD_H

#include "auth/passwd.h"

enum { CHECKPASSWORD_MAX = 512, CHECKPASSWORD_MS = 30000 };

/* With PASSWD_DOUBT *error says why, for the log. */
enum passwd_result checkpassword_run(char *const argv[], span user, span password, int64_t now,
				     const char **error);

#endif
