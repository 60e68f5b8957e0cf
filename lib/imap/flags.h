/* Flags as IMAP names them (RFC 3501, 2.3.2), and as the folder keeps them. */
#ifndef IMAP_FLAGS_H
#define IMAP_FLAGS_H

#include "imap/box.h"

/* "(" [flag *(SP flag)] ")" into FOLDER_… bits and keywords; \Recent is BAD where it is to be stored. $Forwarded is
 * FOLDER_PASSED. Where a keyword is new it is made; one that finds no room is left out. */
bool imap_flags_parse(imap_scan *, folder *, uint32_t *flags, uint64_t *keywords);
/* "(\Seen \Recent $Junk)" */
void imap_flags_put(const folder *, uint32_t flags, uint64_t keywords, out *);

#endif
