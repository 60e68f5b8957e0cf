/* Removing a folder with all that is in it. */
#ifndef IMAP_REMOVE_H
#define IMAP_REMOVE_H

#include "base/span.h"

/* Durable: the folder at `path` is moved to the tmp/ of `maildir`, then removed there; what an earlier removal left there goes
 * too. False with errno: it is where it was. */
bool imap_remove_folder(const char *maildir, const char *path);

#endif
