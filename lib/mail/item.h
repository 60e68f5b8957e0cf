/* All that can be taken out of a message: its parts, those of enclosed messages (encoded ones too), and
 * uuencoded files in plain text; in reading order, each with its number. */
#ifndef MAIL_ITEM_H
#define MAIL_ITEM_H

#include "mail/code.h"
#include "mail/uu.h"

enum {
	ITEM_INNER_MAX = 128 << 20, /* octets of an encoded message that is taken apart */
	ITEM_DEPTH_MAX = 8,	    /* encoded messages in encoded messages */
	ITEM_NUMBER_MAX = 2048,
};

typedef struct item {
	const part *part;
	span number; /* part_number(); of a uuencoded file that of its text with ".u1", ".u2" … */
	span octets;
	enum part_encoding encoding; /* of octets; a container's are taken as they stand */
	bool uu;
	bool opened; /* an encoded message whose parts follow */
	span name;   /* of a uuencoded file, as written */
} item;

/* What was not looked through. */
enum { ITEM_TOO_MANY = 1, ITEM_TOO_LARGE = 2 };

/* False: no more are wanted. The item lives until it returns. */
typedef bool item_fn(void *arg, const item *);
/* A multipart that is a message's body has no number of its own and is left out. Returns 0 or what went
 * wrong; all else is given. Memory: the tree, and for each level of encoded messages that message. */
unsigned item_walk(span message, item_fn *each, void *arg);

#endif
