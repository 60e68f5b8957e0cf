/* A list of messages in the order of their discussions (mail/thread.h). */
#ifndef MAILDIR_THREADS_H
#define MAILDIR_THREADS_H

#include "mail/charset.h"
#include "maildir/peek.h"

/* Puts p's list in that order; (*depths)[i], for free(), is how deep message i is in its thread. What cannot be
 * read is a thread of its own. False where the headers are too large to be kept. */
bool maildir_threads(peek *p, const charset_opener *, unsigned **depths);

#endif
