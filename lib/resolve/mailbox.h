/* A line of control/users, or a user of the machine → a mailbox that is there and has room. Private
 * to this folder. */
#ifndef RESOLVE_MAILBOX_H
#define RESOLVE_MAILBOX_H

#include "resolve/book.h"

/* The value `maildir[:uid:gid[:quota]]` of a user: false where it cannot be read. */
typedef struct mailbox_entry {
	span maildir; /* as written: absolute or below PABAL_ROOT */
	bool has_owner;
	uid_t uid;
	gid_t gid;
	uint64_t quota; /* octets, 0: none */
} mailbox_entry;
bool mailbox_parse(span value, mailbox_entry *);

/* Fills the answer: RESOLVE_MAILBOX, or RESOLVE_REFUSED with why. `key` is the one of `value` in
 * control/users, for the fault; ext the folder to look for. */
void mailbox_answer(resolver *, span key, span value, span ext, uint64_t size, arena *,
		    resolve_answer *);

/* The machine's own users: TABLE_FOUND (the answer is filled), TABLE_ABSENT or TABLE_ERROR (the
 * answer's `why` says what). `direct`: the mailbox, whatever .forward says; `sum`: of a command in it (forward.h), "" none.
 * The machine's own quotas speak at the delivery. */
enum table_result mailbox_system(const resolver *, span user, span ext, span sum, bool direct,
				 arena *, resolve_answer *);

#endif
