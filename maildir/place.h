/* An open folder, and where its messages' files are now. Private to this folder. */
#ifndef MAILDIR_PLACE_H
#define MAILDIR_PLACE_H

#include "maildir/books.h"
#include "maildir/census.h"

struct folder {
	books b;
	bool looked; /* `moved` is a look since the last refresh */
	census moved;
	int watch;	  /* inotify(7), -1: none */
	unsigned watched; /* switches of the books when the log was put under watch */
};

typedef struct place {
	bool is_new;
	char name[NAME_MAX + 1];
} place;

/* Where the message of entry i should be; then, as often as it is not there, where else. */
typedef struct place_search {
	folder *f;
	size_t i;
	unsigned tries;
	place at;
} place_search;

void place_begin(place_search *, folder *, size_t i);
/* It is not at s->at: another place in s->at, or false with errno, ENOENT where the message is surely gone, EAGAIN where
 * it is renamed faster than we can look. */
bool place_again(place_search *);
void place_forget(folder *);

#endif
