/* One header field in 7 bits; for seven.c. */
#ifndef MAIL_SEVEN_FIELD_H
#define MAIL_SEVEN_FIELD_H

#include "mail/charset.h"
#include "mail/header.h"

/* Appends the field with LF line ends. False where an address in it is not ASCII. What no encoding is known for
 * becomes '?' (RFC 7103 asks for no more), and a line without a place to fold is cut. */
bool seven_field(const header_field *, const charset_opener *, str *to);
/* Octets that are no 7-bit text become '?'; line ends stay. Lines are not cut. */
void seven_question(span octets, str *to);

#endif
