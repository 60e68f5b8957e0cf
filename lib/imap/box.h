/* The selected mailbox, as the commands of a session share it. */
#ifndef IMAP_BOX_H
#define IMAP_BOX_H

#include "base/arena.h"
#include "imap/set.h"
#include "io/out.h"
#include "mail/charset.h"
#include "maildir/folder.h"

typedef struct imap_box {
	folder *f;
	const char *dir; /* of the folder, absolute */
	out *out;
	arena *mem; /* of the current command */
	const charset_opener *opener;
	bool read_only;	     /* EXAMINE */
	bool condstore;	     /* FETCH answers and flag changes tell MODSEQ (RFC 7162, 3.1) */
	bool qresync;	     /* VANISHED in place of EXPUNGE (RFC 7162, 3.2.10) */
	bool utf8;	     /* UTF8=ACCEPT (RFC 6855) */
	struct cache *cache; /* maildir/cache.h; NULL: there is none */
} imap_box;

/* Message numbers are 1 + the index in the folder's view: the view changes only where the session refreshes it, and the
 * session does that only where EXPUNGE may be told (RFC 3501, 7.4.1). */

/* The messages of a set (of UIDs, or of message numbers): *indexes ascending, in the arena. False where a message number
 * is not in use (that is BAD), or the arena is full. UIDs that are not there are passed over. */
bool imap_box_choose(const imap_box *, imap_set *, bool uid, size_t **indexes, size_t *count);

#endif
