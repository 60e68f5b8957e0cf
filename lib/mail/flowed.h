/* Plain text as its writer meant it: format=flowed (RFC 3676). */
#ifndef MAIL_FLOWED_H
#define MAIL_FLOWED_H

#include "base/str.h"

enum { FLOWED_DEPTH_MAX = 30 }; /* quote marks that are shown; more count all the same */

/* Joins the lines of each paragraph, undoes space stuffing, and writes them in lines of at most `columns`
 * (0: a paragraph is one line) behind "> " for each level of quotes, written ">> ". `delsp`: the
 * blank at the end of a flowed line was added (4.1). Fixed lines stay as they are. Line ends may be LF or
 * CRLF; LF is written. Linear in text.n. */
void flowed_text(span utf8, bool delsp, size_t columns, str *to);
/* Text that is not flowed: LF or CRLF become LF; lines over `columns` (0: none) are wrapped at
 * blanks, their quote marks repeated. */
void flowed_fixed(span utf8, size_t columns, str *to);

#endif
