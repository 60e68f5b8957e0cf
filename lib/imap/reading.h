/* One message after another as FETCH and SEARCH read them: no more of a file than is asked for, in one buffer; large ones are
 * mapped. */
#ifndef IMAP_READING_H
#define IMAP_READING_H

#include "io/map.h"
#include "mail/part.h"
#include "maildir/folder.h"

typedef struct imap_reading {
	folder *f;
	int fd;	   /* of the open message, -1: none */
	char *buf; /* owned */
	map map;
	span octets; /* the front of the message, as far as it was read */
	bool whole;  /* all of it */
	bool parsed;
	part_tree tree;
	arena mem; /* of the tree */
} imap_reading;

void imap_reading_begin(imap_reading *, folder *);
void imap_reading_end(imap_reading *);

/* The message at an index of the view; the one before it is closed. False with errno: ENOENT where it is gone. */
bool imap_reading_open(imap_reading *, size_t index);
/* Its header, with the empty line: no less of it than the message has. What they give lives until the next call. False with
 * errno. */
bool imap_reading_header(imap_reading *, span *header);
bool imap_reading_whole(imap_reading *, span *message);
/* NULL with errno. */
const part_tree *imap_reading_tree(imap_reading *);

#endif
