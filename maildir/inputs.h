/* What a command works on: the paths of messages and of folders, from its arguments or standard input. */
#ifndef MAILDIR_INPUTS_H
#define MAILDIR_INPUTS_H

#include "maildir/scan.h"

enum { INPUTS_PATH_MAX = 65536 };

/* Each path that ends with `end` (LF or NUL; the last may lack it), empty ones aside. False with errno where
 * reading fails (ENAMETOOLONG: longer than INPUTS_PATH_MAX), or `each` gave false. */
typedef bool inputs_each(void *arg, span path);
bool inputs_read(int fd, char end, inputs_each *, void *arg);

/* Adds what a path names: a message, or all of a folder (or of its cur/ or new/ alone), those oldest first.
 * False with errno. */
bool inputs_add(maildir_scan *, span path, unsigned which);

#endif
