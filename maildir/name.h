/* File names in a Maildir (pabal-maildir(5)): SECONDS.ID+HASH.HOST,S=octets,W=wire octets:2,FLAGS. */
#ifndef MAILDIR_NAME_H
#define MAILDIR_NAME_H

#include "base/str.h"

enum { NAME_ROOM = 255 }; /* octets of a name, by the file system */

/* Appends the base name, everything before the first ",". The same for the same message, recipient and
 * folder; `id` "" gives one that never was. Returns the octets of its front "SECONDS.ID+HASH", which alone
 * tells a delivery from all others: the host may be renamed between two attempts. */
size_t name_base(int64_t arrived, span id, span recipient, span folder, span host, str *to);
/* ",S=octets,W=wire octets" */
void name_sizes(uint64_t octets, uint64_t wire, str *to);
/* Whether a directory entry is this delivery, whatever host, sizes and flags are behind the front. */
bool name_has_front(span entry, span front);

/* What stands before ":2,": it stays the same as long as the message is in the folder, whoever wrote it. */
span name_unique(span entry);

#endif
