/* Modified UTF-7, the names of mailboxes on the wire (RFC 3501, 5.1.3). Pure. */
#ifndef IMAP_MUTF7_H
#define IMAP_MUTF7_H

#include "base/str.h"

/* Appends the name in UTF-8. False where the text is not modified UTF-7: an octet that is not printable ASCII, base64 that
 * is cut, padded or of other letters, half a surrogate, or ASCII that did not need it. */
bool mutf7_read(span text, str *utf8);
/* Appends UTF-8 as modified UTF-7; what is no UTF-8 becomes U+FFFD. */
void mutf7_write(span utf8, str *to);

#endif
