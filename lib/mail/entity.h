/* Character references of HTML: &amp; &#44032; &#xac00; */
#ifndef MAIL_ENTITY_H
#define MAIL_ENTITY_H

#include "base/str.h"

enum { ENTITY_NAME_MAX = 10 };

/* Reads the one at the front of s, which begins with '&': the character as UTF-8 into `to`, its octets
 * into *n. Returns the octets read, 0 where there is none. */
size_t entity_read(span s, char to[static 4], size_t *n);
/* A whole text with all of them read. */
void entity_text(span s, str *to);

#endif
