/* How full a Maildir++ is, by its `maildirsize` file (the Maildir++ description, and what Courier
 * and Dovecot keep): a first line with the limits, then lines "OCTETS COUNT", appended, summed up.
 */
#ifndef MAILDIR_QUOTA_H
#define MAILDIR_QUOTA_H

#include "base/span.h"

enum {
	MAILDIRSIZE_MAX = 1 << 16
}; /* octets of the file that are read; a longer one is not believed */

/* What it says. False with errno: ENOENT where there is none, EINVAL or EFBIG where it cannot be believed; the limit is then
 * what its first line says, if anything. */
typedef struct maildir_usage {
	uint64_t limit; /* octets, by the first line; 0: none */
	uint64_t octets, messages;
	bool counted; /* just now by the messages themselves: nothing was added since */
} maildir_usage;
bool maildir_usage_read(const char *dir, maildir_usage *);

/* Octets in the mailbox of which `dir` is the top or a folder. False with errno; ENOENT where there
 * is no maildirsize, EINVAL where it cannot be believed. */
bool maildir_used(const char *dir, uint64_t *octets);
/* Adds one message. Best effort: a mailbox without the file stays without it. */
void maildir_used_add(const char *dir, uint64_t octets);
void maildir_used_remove(const char *dir, uint64_t octets); /* one message less */
void maildir_used_remove_all(const char *dir, uint64_t octets, uint64_t count); /* a folder less */

#endif
