/* One header field in 7 bits; for seven.c. */
#ifndef MAIL_SEVEN_FIELD_H
#define MAIL_SEVEN_FIELD_H

#include "mail/charset.h"
#include "mail/header.h"

/* False where an address in the field is not ASCII. */
bool seven_field_can(const header_field *, const charset_opener *);
/* Appends the field with LF line ends. What no encoding is known for becomes '?', a line without a place to fold is
 * cut. */
void seven_field(const header_field *, const charset_opener *, str *to);
/* Octets that are no 7-bit text become '?'; line ends stay. Lines are not cut. */
void seven_question(span octets, str *to);

#endif
