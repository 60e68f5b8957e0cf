/* ~/.forward of a user of the machine: addresses, parted by commas or line ends, "\\user" (the mailbox itself), and where
 * control/forward-programs exists also "|command". Private to this folder.
 *
 * A command becomes a recipient of its own, "user|SUM": the queue's log has only addresses, and whoever sends to that
 * address starts nothing that the user's file does not say. */
#ifndef RESOLVE_FORWARD_H
#define RESOLVE_FORWARD_H

#include <sys/types.h>

#include "resolve/resolve.h"

enum { FORWARD_MAX = 65536, FORWARD_TARGETS = 1000, FORWARD_SUM = 8 };

typedef struct forward {
	addr *targets; /* in the arena; the mailbox itself is "user+", a command "user|SUM" */
	size_t count;  /* 0: nothing but comments, as if there were no file */
	span command;  /* that was asked for */
} forward;

/* The text of such a file. `user` is whose; `sum`: a command's that is looked for, "" none. NULL, or what is wrong. Pure. */
const char *forward_parse(span text, span user, span home, bool programs, span sum, arena *,
			  forward *);

enum forward_result { FORWARD_NONE, FORWARD_FOUND, FORWARD_ERROR };

/* The file in the home directory `dir` of `uid`. FORWARD_NONE: there is none (or none that we may see). FORWARD_ERROR with *why:
 * it is not the user's own, others may write it, it cannot be read or understood: mail waits until it is mended. */
enum forward_result forward_read(const char *dir, uid_t uid, span user, span home, span sum,
				 arena *, forward *, status *why);

#endif
