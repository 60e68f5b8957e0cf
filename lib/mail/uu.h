/* Uuencoded files in the middle of plain text, as they were sent before MIME and by some still are. */
#ifndef MAIL_UU_H
#define MAIL_UU_H

#include "mail/part.h"

typedef struct uu_file {
	span before; /* the text up to it */
	span lines;  /* from "begin" to "end": the decoder's PART_UUENCODE reads it */
	span name;   /* as written */
} uu_file;

/* Whether a part's body can hold some: plain text that is not encoded itself. */
bool uu_in(const part *);
/* The next one that is whole: "begin", an octal mode and a name; lines that are no longer than they say;
 * "end". *rest is left behind it. False where there is none, *rest then stays. All calls are linear. */
bool uu_next(span *rest, uu_file *);

#endif
