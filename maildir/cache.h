/* What is made of messages and takes long to be made again: pabal.cache in the folder's directory (pabal-maildir(5)). A message is
 * its base name, which the deliverer knows too. It may be lost at any time, whole or in part, and costs no more than time then:
 * nothing is synced, and every record knows whether it is whole. Readers take no lock; a writer who would have to
 * wait for another leaves it. */
#ifndef MAILDIR_CACHE_H
#define MAILDIR_CACHE_H

#include "maildir/folder.h"

enum cache_piece {
	CACHE_ENVELOPE,
	CACHE_BODY,
	CACHE_BODYSTRUCTURE,
	CACHE_HEADER, /* the fields of imap/kept.h, as they stand */
	CACHE_PIECES,
};

typedef struct cache_record {
	span piece[CACHE_PIECES]; /* p NULL: not known */
} cache_record;

typedef struct cache cache;

/* Opens what there is; the file is made when something is written. NULL where the directory cannot be opened. */
cache *cache_open(const char *dir);
void cache_close(cache *); /* NULL is fine; what was not written is lost */

/* Takes in what others wrote: a few system calls. */
void cache_refresh(cache *);
/* The pieces in `wanted` (1 << CACHE_…) that are known; false where there are none. They live until the next call that is not
 * cache_find() or cache_add(). */
bool cache_find(cache *, span base, unsigned wanted, cache_record *);
/* Notes what was made of a message, all pieces that are known: the last record of a name counts. True where enough
 * waits to be written. */
bool cache_add(cache *, span base, const cache_record *);
/* Writes what was noted. `f`, which may be NULL, tells what is still there: the file is written anew when more than half of it
 * is of messages that are gone. */
void cache_write(cache *, const folder *f);
/* For a while nobody will ask: gives memory back. */
void cache_rest(cache *);

/* For who only adds: the open pabal.cache of a folder, -1 where there is none. */
int cache_open_note(span dir);
/* Appends a record, unless another writes. */
void cache_note(int fd, span base, const cache_record *);

#endif
