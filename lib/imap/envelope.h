/* ENVELOPE (RFC 3501, 7.4.2). */
#ifndef IMAP_ENVELOPE_H
#define IMAP_ENVELOPE_H

#include "base/arena.h"
#include "base/str.h"

enum { IMAP_ENVELOPE_MAX = 4 << 20 }; /* octets of one; what is longer has nothing in it */
#define IMAP_ENVELOPE_EMPTY "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"

/* Appends the envelope of a message with this header, its parentheses included. Of a field that is there twice the first
 * counts, but addresses are those of all of them: nobody hides one. A mailbox without a domain has MISSING_DOMAIN, for NIL
 * there would begin a group. `scratch` is reset. */
void imap_envelope(span header, arena *scratch, str *to);

#endif
