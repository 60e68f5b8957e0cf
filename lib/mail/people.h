/* Lists of addresses as a person reads and writes them: names in UTF-8, quoted where they must be. What is
 * written here reads back as the same addresses. */
#ifndef MAIL_PEOPLE_H
#define MAIL_PEOPLE_H

#include "mail/addr.h"
#include "mail/charset.h"

/* "Kim, Chul" <kim@example.org>; `name` is raw, as addr_list() gives it. */
void people_put(const addr *, span name, const charset_opener *, str *to);
/* All of a field's body, ", " between them. Groups are opened, comments go. False where some of it is no
 * address, or where there are more than `max`: what could be read is given all the same. */
bool people_text(span body, const charset_opener *, arena *, size_t max, str *to);

#endif
