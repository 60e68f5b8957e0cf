/* A stored message that is answered, forwarded, or taken up as a draft. */
#ifndef WRITE_STORED_H
#define WRITE_STORED_H

#include "base/status.h"
#include "io/map.h"
#include "mail/draft.h"
#include "mail/inreply.h"
#include "mail/part.h"

enum { STORED_COLUMNS = 72 }; /* of its text where it is wrapped anew */

typedef struct stored {
	map m;
	span octets; /* without an mbox "From " line */
	arena mem;
	part_tree tree;
	str path; /* where it is; it may have been moved */
} stored;

void stored_init(stored *);
/* "-" is standard input. EX_NOINPUT, or EX_DATAERR where it is no message. */
status stored_open(stored *, const char *path);
void stored_close(stored *);

/* The text that a person reads. */
void stored_text(const stored *, const charset_opener *, str *to);
/* Its attachments as Attach-Part fields of a draft. */
void stored_carry(const stored *, draft *);
/* The draft from it; what a message says of its encoding is undone. */
void stored_draft(const stored *, const charset_opener *, draft *);
/* Its text below a line that says whose it is, each line quoted. */
void stored_quote(const stored *, const inreply *, str *to);
/* Its text between lines that say what it is. */
void stored_forward(const stored *, const inreply *, str *to);

#endif
