/* What is inside a Maildir++; maildir_make() and maildir_check() are in maildir/deliver.h. */
#ifndef MAILDIR_MAKE_H
#define MAILDIR_MAKE_H

#include "base/span.h"

/* Whether the last component of the path begins with a dot: a folder inside of a Maildir. */
bool maildir_is_folder(const char *dir);

#endif
