/* Strings as answers carry them (RFC 3501, 4.3, 9), so that every client reads them: quoted where that is allowed, else a
 * literal. */
#ifndef IMAP_TEXT_H
#define IMAP_TEXT_H

#include "base/str.h"

/* Quoted: octets of ASCII but CR and LF; the quote and the backslash with a backslash before them. All else is a literal. NULs,
 * which neither may hold, are left out. */
void imap_put_string(span, str *to);
/* NIL where p is NULL. */
void imap_put_nstring(span, str *to);
/* A header field's body: unfolded, then as a string; NIL where p is NULL. */
void imap_put_field(span body, str *to);

#endif
