/* Searching a Maildir by directory entries alone. Private to this folder. */
#ifndef MAILDIR_FIND_H
#define MAILDIR_FIND_H

#include "base/str.h"

enum find_result { FIND_YES, FIND_NO, FIND_ERROR };

/* Looks for the front of a name in new/ and cur/ of the Maildir open at `dir`; *path becomes "new/NAME" or
 * "cur/NAME". FIND_ERROR with errno: nothing is known. */
enum find_result find_front(int dir, span front, str *path);
/* The same for all of a name but its flags (name_unique()). */
enum find_result find_unique(int dir, span unique, str *path);

/* The fronts that are in a Maildir, for many questions in a row: read once, kept as hashes. Good for names
 * that nobody else can add meanwhile, as those of messages that we have claimed. */
typedef struct find_fronts {
	uint64_t *v; /* sorted, owned */
	size_t n, room;
	bool read;
	bool over; /* too many to keep */
} find_fronts;

bool find_read(int dir, find_fronts *); /* false with errno */
/* false: surely not there. true: find_front() knows. */
bool find_maybe(const find_fronts *, span front);
void find_free(find_fronts *);

/* Unlinks what lies in tmp/ unchanged for more than 36 hours (the description of Maildir). Each
 * Maildir at most once an hour in this process. */
void find_sweep(int dir, span name_of_dir);

#endif
