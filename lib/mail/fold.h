/* Text as it is compared: without case, Hangul composed, each run of blanks and line ends one blank. Two
 * texts that a reader takes for the same have the same form here. */
#ifndef MAIL_FOLD_H
#define MAIL_FOLD_H

#include "base/str.h"

/* Appends the form of a UTF-8 text. Case: Latin, Greek, Cyrillic, Armenian and fullwidth letters, one character
 * for one (so a German sharp s stays). Octets that are no UTF-8 stay as they are. */
void fold_text(span utf8, str *to);
/* Whether `form` has `part` in it, both as fold_text() gives them. "" is in each. */
bool fold_find(span form, span part);

#endif
