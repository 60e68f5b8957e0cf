/* Hangul syllables that KS X 1001 has no code for, spelled as its annex 3 says: a filler and three letters. */
#ifndef MAIL_HANGUL_H
#define MAIL_HANGUL_H

#include "base/str.h"

/* Each U+3164 with an initial, a vowel, and a final or another filler behind it becomes one syllable, from the
 * octet `from` of the UTF-8 text on. Other text stays. Linear. */
void hangul_compose(str *text, size_t from);

#endif
