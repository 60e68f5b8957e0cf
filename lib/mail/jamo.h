/* Hangul as one spelling: letters that a keyboard or a file system gave apart become syllables (the Unicode
 * Standard, 3.12; what NFC does to them). */
#ifndef MAIL_JAMO_H
#define MAIL_JAMO_H

#include "base/str.h"

/* Whether text with this octet may hold letters that can be composed. */
bool jamo_lead(unsigned char c);
/* Composes what is at the front and appends it; the octets it took, 0 where there is nothing to compose. */
size_t jamo_compose(span s, str *to);

#endif
