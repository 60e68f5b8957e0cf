/* The selected mailbox, as the commands of a session share it. */
#ifndef IMAP_BOX_H
#define IMAP_BOX_H

#include "base/arena.h"
#include "imap/literal.h"
#include "imap/set.h"
#include "io/out.h"
#include "mail/charset.h"
#include "maildir/folder.h"

/* Where a client that fetches a message piece by piece left off; all zeros: nowhere. */
typedef struct imap_left {
	uint64_t device, inode, octets; /* of the file */
	uint64_t label;			/* of the section */
	uint64_t from, n;		/* where the section is in the file */
	imap_mark mark;			/* in the section */
} imap_left;

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
	imap_left left;	     /* imap/fetch.c's; zeros when a mailbox is selected */
} imap_box;

/* Message numbers are 1 + the index in the folder's view: the view changes only where the session refreshes it, and the
 * session does that only where EXPUNGE may be told (RFC 3501, 7.4.1). */

/* The messages of a set (of UIDs, or of message numbers): *indexes ascending, in the arena. False where a message number
 * is not in use (that is BAD), or the arena is full. UIDs that are not there are passed over. */
bool imap_box_choose(const imap_box *, imap_set *, bool uid, size_t **indexes, size_t *count);

#endif
