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

/* The same by numbers, without other groups; for the owner of a mailbox. */
bool user_become_ids(uid_t uid, gid_t gid);
/* root becomes who owns nothing: mailnet, or nobody where there is no such user. Others stay who they are. */
bool user_become_nobody(void);
/* Of root's powers: only those to become another user and to end processes of another user; or none. Others have none
 * and keep them. */
enum user_powers { USER_SETUID_KILL, USER_NONE };
bool user_limit_powers(enum user_powers);

/* Whether the four owners of an installation exist here: mailnet, mailq, mailauth and the mail's.
 */
bool user_four_owners(void);

#endif
