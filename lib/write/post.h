/* Where a finished message goes: a folder, and the program that sends. */
#ifndef WRITE_POST_H
#define WRITE_POST_H

#include "base/status.h"
#include "base/str.h"

/* The Maildir of a folder's name: one that begins with a dot is in $MAILDIR, or ~/Maildir; else it is a path. */
void post_folder(const char *name, str *to);
/* Files the message on fd there, with these flags; *path is the new file. */
status post_file(const char *folder, const char *flags, int fd, span host, str *path);
/* Gives the message on fd, from its start, to `command`; where that is empty, to "sendmail -t -i -f sender". Its exit
 * status. */
status post_send(char *const *command, span sender, int fd);

#endif
