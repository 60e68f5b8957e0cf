/* Text into lines of at most so many columns, behind a prefix. Linear. */
#ifndef MAIL_WRAP_H
#define MAIL_WRAP_H

#include "base/str.h"

enum { WRAP_LEAST = 20 }; /* columns that are left for text, however long the prefix is */

typedef struct wrap {
	str *to;
	size_t columns; /* 0: lines end only where they are told to */
	span prefix;	/* before each line; borrowed, may be changed between lines */
	span first;	/* where not "": before the next line, once, instead of the prefix */
	size_t column;	/* used in the line that is begun */
	bool begun;
	bool tie; /* blanks are put as part of words */
	str word; /* what cannot be placed before its end is known */
	str gap;  /* the blanks before it */
} wrap;

/* The wrap appends to `to` and owns its own buffers. */
wrap wrap_new(str *to, size_t columns);
void wrap_free(wrap *);
/* UTF-8 without a place where a line may end. */
void wrap_put(wrap *, span piece);
/* Blanks: kept inside of a line, dropped where it ends. */
void wrap_gap(wrap *, span blanks);
/* Text without line ends, cut into words and gaps. */
void wrap_text(wrap *, span text);
/* Ends the line: an empty one where nothing was put. */
void wrap_line(wrap *);
/* Whether something stands in the line. */
bool wrap_begun(const wrap *);

#endif
