/* BODY and BODYSTRUCTURE (RFC 3501, 7.4.2). */
#ifndef IMAP_STRUCTURE_H
#define IMAP_STRUCTURE_H

#include "mail/part.h"

enum { IMAP_STRUCTURE_MAX = 64 << 20 }; /* octets of one; what is longer has nothing in it */
#define IMAP_STRUCTURE_EMPTY "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0)"

/* Appends the structure of a message, its parentheses included; `extended` is BODYSTRUCTURE. Sizes are of the parts as they are
 * encoded, with CRLF line ends. What strict clients cannot read is not written: a multipart without a part has an empty one,
 * and a message/rfc822 that is not opened (encoded, or too deep) an empty envelope. `scratch` is reset. */
void imap_structure(const part_tree *, bool extended, arena *scratch, str *to);

#endif
