/* Base64 (RFC 4648, section 4) of short secrets and SASL lines: one piece, padded, no line ends. */
#ifndef MAIL_BASE64_H
#define MAIL_BASE64_H

#include "base/str.h"

/* Appends; false where the str's cap would be passed. */
bool base64_write(span octets, str *to);
/* Strict: the alphabet, padding exactly where it belongs, unused bits zero. Appends the octets;
 * false for anything else and where the cap would be passed. */
bool base64_read(span text, str *to);

#endif
