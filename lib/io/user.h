/* Becoming another user for good: groups, gid, uid, and proof that there is no way back. */
#ifndef IO_USER_H
#define IO_USER_H

#include <sys/types.h>

#include "base/span.h"

/* false with errno (ENOENT: there is no such user). */
bool user_find(const char *name, uid_t *uid, gid_t *gid);

/* setgroups (of the user database), setgid, setuid; then checks all ids, and that uid 0 cannot be
 * taken again. Where the process is that user already and is not root, nothing is done. On false
 * (errno) the process may be half way between two users and must exit. */
bool user_become(const char *name);

/* Whether the four owners of an installation exist here: mailnet, mailq, mailauth and the mail's.
 */
bool user_four_owners(void);

#endif
