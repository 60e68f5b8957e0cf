/* Whether a message has room in a mailbox. */
#ifndef MAILDIR_ROOM_H
#define MAILDIR_ROOM_H

#include "base/status.h"
#include "maildir/quota.h"

/* Whether `size` octets more fit into the mailbox of which `dir` is the top or a folder, in `limit` octets (0: any size
 * does). EX_OK; 452 4.2.2 where it is full; 552 5.2.2 for what can never fit. It is called full only when the messages
 * themselves were counted since something was added (and not again within a quarter of an hour, as Maildir++ has it);
 * maildirsize is then written anew, or made. Where nothing can be counted everything has room. */
status maildir_room(const char *dir, uint64_t limit, uint64_t size);
/* The same in the limit that maildirsize names; any size where it names none. Never 552: a limit that nobody took out of
 * the file bounces no mail. */
status maildir_room_own(const char *dir, uint64_t size);

/* Counts all messages of the mailbox and, unless it changed meanwhile, replaces maildirsize. False with errno where they
 * cannot be counted. */
bool maildir_recount(const char *dir, uint64_t limit, maildir_usage *);

#endif
