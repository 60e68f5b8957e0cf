/* The UIDVALIDITY of the next folder, or of a folder whose log was lost: larger than any that this account ever
 * gave. Private to this folder. */
#ifndef MAILDIR_VALIDITY_H
#define MAILDIR_VALIDITY_H

#include "base/span.h"

/* `dir` is the top of a Maildir++ or a folder in it; the number is in the top's pabal.uidvalidity, durably, before
 * it is given. `above`: a number that it must be larger than. False with errno. */
bool validity_next(const char *dir, uint32_t above, uint32_t *value);

#endif
