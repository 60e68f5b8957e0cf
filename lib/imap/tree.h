/* All mailboxes of an account: the folders that there are, and the file pabal.folders in the top of the Maildir, which says
 * what IMAP knows of names beside:
 *
 *     subscribed NAME        what LSUB tells; the name need not exist
 *     \Drafts NAME           its use (RFC 6154): \Drafts \Sent \Trash \Junk \Archive \All \Flagged
 *
 * one line each, names in UTF-8. It is data, replaced as a whole under the lock of the top directory. Where there is none, IMAP
 * was not used yet: the first session makes the usual folders with their uses, and subscribes to them. */
#ifndef IMAP_TREE_H
#define IMAP_TREE_H

#include "base/arena.h"

enum {
	IMAP_EXISTS = 1,   /* it can be selected */
	IMAP_CHILDREN = 2, /* something below it exists */
	IMAP_SUBSCRIBED = 4,
	IMAP_SUBSCRIBED_BELOW = 8,
};

typedef struct imap_node {
	span name; /* UTF-8, in the arena */
	unsigned is;
	const char *use; /* "\Drafts"; NULL: none */
} imap_node;

typedef struct imap_tree {
	imap_node *v; /* owned; parents before what is below them, in the order of octets */
	size_t n, room;
} imap_tree;

/* False with errno (E2BIG: too many). Levels that do not exist themselves, but above something that does, are there too. */
bool imap_tree_read(const char *maildir, arena *, imap_tree *);
void imap_tree_free(imap_tree *);
const imap_node *imap_tree_find(const imap_tree *, span name); /* NULL */

/* All of these are durable; false with errno. */
bool imap_tree_prepare(const char *maildir);
bool imap_tree_subscribe(const char *maildir, span name, bool yes);
/* The use of a new mailbox; NULL where it is none that is known. */
const char *imap_use(span flag);
bool imap_tree_set_use(const char *maildir, span name,
		       const char *use); /* NULL: has none any more */
/* Uses go with the names; with those below it. */
bool imap_tree_rename(const char *maildir, span from, span to);

#endif
