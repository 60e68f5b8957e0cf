/* Header fields as a person reads them. */
#ifndef MAIL_SHOWN_H
#define MAIL_SHOWN_H

#include "mail/charset.h"
#include "mail/header.h"

/* The body as one line of UTF-8, what a terminal would obey still in it: addresses with their names decoded, and
 * quoted where they could be taken for something else. Comments, groups and what cannot be read as addresses
 * stay as they stand: nothing is hidden. */
void shown_field(const header_field *, const charset_opener *, str *to);

#endif
