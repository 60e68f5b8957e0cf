/* Encoded words (RFC 2047). */
#ifndef MAIL_WORD_H
#define MAIL_WORD_H

#include "mail/charset.h"

/* An unstructured field's body (or a phrase) as UTF-8: unfolded, encoded words decoded; neighbours of the
 * same charset are joined before they are converted, since some writers split characters; blanks between
 * encoded words go. Unknown charsets: the word stays as it was written. Raw 8-bit octets are read by
 * charset_text() with "". */
void word_decode(span body, const charset_opener *, str *to);

/* UTF-8 as a field body: ASCII words stay, others become encoded words of at most 75 octets that never
 * split a character, B or Q, whichever is shorter; folded so that no line passes 78 columns. *column is where
 * the text starts and ends. `phrase`: for display names (RFC 2047, 5 (3)), quoted where that is enough. */
void word_encode(span utf8, bool phrase, size_t *column, str *to);

#endif
