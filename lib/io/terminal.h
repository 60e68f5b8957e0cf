/* The person at the terminal: an editor on a file, and a question. */
#ifndef IO_TERMINAL_H
#define IO_TERMINAL_H

#include "base/span.h"

/* /dev/tty, O_CLOEXEC; -1 where this process has no terminal: then nobody is to be asked. */
int terminal_open(void);
/* From then on SIGHUP, SIGINT, SIGQUIT and SIGTERM end a question, now or the next one, and not the process. Keys
 * that were for an editor do not count. */
void terminal_hold_signals(void);
/* $VISUAL, $EDITOR or vi on this file, by `sh -c`, so that the variable may hold options; the file's name is
 * an argument and never part of the command. The editor's fds 0 and 1 are the terminal; where that is -1,
 * /dev/null and fd 2. True where it exited 0. */
bool terminal_edit(int terminal, const char *path);
/* Writes the question and reads a line; its first letter in lower case if it is one of `letters`, else the question
 * comes again. 0 at the end of input, on an error, or when a signal came. */
char terminal_ask(int terminal, span question, const char *letters);

#endif
