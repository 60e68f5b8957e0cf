/* One message of one's own into a Maildir++: sent copies and drafts. */
#ifndef MAILDIR_STORE_H
#define MAILDIR_STORE_H

#include "maildir/deliver.h"

/* Files the message that stands on fd from its start into cur/ of `dir` with these flags ("S"), durably; *path is
 * the new file. A folder (a last component that begins with a dot) of a Maildir that exists is made where it is
 * missing. */
status store_message(const char *dir, const char *flags, int fd, span host, str *path);
/* Opens a message by its path; where it is not there any more, but lies in a Maildir, under the name that it has
 * now: a reader moves it from new/ to cur/ and changes its flags. `now`, where not NULL, is that path. -1 with
 * errno. */
int store_open(const char *path, str *now);
/* Whether this file lies in new/ or cur/ of a Maildir. */
bool store_is_in(const char *path);

#endif
