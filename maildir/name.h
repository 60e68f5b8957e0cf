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
void name_sizes(uint64_t octets, uint64_t wire, str *to); /* wire 0: without ",W=" */
/* Whether a directory entry is this delivery, whatever host, sizes and flags are behind the front. */
bool name_has_front(span entry, span front);

/* A base name that never was, for a message whose own is taken: its time, sizes, host and flags stay. */
void name_fresh(span entry, str *to);

/* What stands before ":2,": it stays the same as long as the message is in the folder, whoever wrote it. */
span name_unique(span entry);
/* The seconds that a name begins with; false where there are none. */
bool name_arrived(span entry, int64_t *epoch);
/* Octets of the file by ",S="; false where the name does not tell. */
bool name_octets(span entry, uint64_t *octets);
bool name_wire(span entry, uint64_t *octets); /* by ",W=": with CRLF line ends */

/* The flags behind ":2," as a set of letters, capital and small. */
typedef uint64_t name_flags;
span name_flags_text(span entry);  /* what stands there, "" where nothing does */
name_flags name_flag(char letter); /* 0 for what is no letter */
name_flags name_flags_of(span entry);
void name_flags_put(name_flags, str *to); /* in the order of ASCII, as Maildir wants it */
/* The same name with other flags; what stands behind ":2," and is no letter stays. */
void name_with_flags(span entry, name_flags, str *to);

#endif
