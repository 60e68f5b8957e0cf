/* UTF-8 (RFC 3629): one well-formed character at a time. */
#ifndef MAIL_UTF8_H
#define MAIL_UTF8_H

#include "base/span.h"

/* Octets of the well-formed character at the front (1 for ASCII, controls included); 0 where there
 * is none: an empty span, a cut or overlong form, a surrogate, or above U+10FFFF. */
size_t utf8_char(span s);
bool utf8_valid(span s);

#endif
