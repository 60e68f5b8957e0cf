/* Mailboxes by their names, and the directories where they lie.
 *
 * A mailbox is a folder of the Maildir++: "A.B" is the directory ".A.B" of it, INBOX its top. "." is what stands between
 * the levels on disk, so it does in IMAP. A name that is not ASCII stands on disk in UTF-8, as people and programs that list
 * directories expect; folders that other servers made, in modified UTF-7, are read as that and stay what they are. Where
 * the UTF-8 of a new name would read as modified UTF-7 of another one, its modified UTF-7 is used. */
#ifndef IMAP_PLACE_H
#define IMAP_PLACE_H

#include "base/str.h"

#define IMAP_DELIMITER '.'
enum { IMAP_NAME_MAX = 250 }; /* octets of a mailbox's directory, less its dot */

/* The name that a client writes, in UTF-8, INBOX in capitals. False where it is none: not modified UTF-7 (with `utf8` UTF-8 as it
 * is, RFC 6855, 3), control octets, "/", a level without a name, too long. */
bool imap_name_read(span text, bool utf8, str *name);
/* As the client is told it: an atom, a quoted string or a literal. */
void imap_name_put(span name, bool utf8, str *to);

/* A directory's name (without a slash, with its dot) as the name of a mailbox; false where it is none. */
bool imap_name_of_dir(span dir, str *name);
/* Appends the directory of the mailbox below `maildir`: the one that is there, else the one that it would be. True where it is
 * there. */
bool imap_place_of(const char *maildir, span name, str *path);

#endif
