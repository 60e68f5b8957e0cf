/* An address as the tables and the store know it: one spelling for all that reach the same mailbox
 * (pabal-tables(5), pabal-maildir(5)). */
#ifndef MAIL_KEY_H
#define MAIL_KEY_H

#include "base/str.h"
#include "mail/addr.h"

/* Appends "local@domain" (the local part alone where `domain` is empty), ASCII letters in lower case, Hangul
 * composed (what NFC does to it; file systems and keyboards give both forms), other characters as they are; '%', ':',
 * a leading '#' and control octets as %XX, so that every address is the key of one table line. */
void key_write(span local, span domain, str *to);
/* Appends one component of a path, spelled in the same way: letters, digits, '.', '_', '+', '=', '@', '-'
 * and what is not ASCII as they are, all others and a leading '.' as %XX. Never empty for a name
 * that is not, never
 * "." or "..", never with a '/'. */
void key_path(span name, str *to);

#endif
