/* What other people's programs said: the last line of a file, and the refusal that it is. */
#ifndef RUN_WORDS_H
#define RUN_WORDS_H

#include "base/status.h"

enum { WORDS_MAX = 2048 }; /* octets that are looked at */

/* The last line that says something. */
span words_last_line(int fd, char room[static WORDS_MAX]);
/* The line with its enhanced code where it begins with one of the class of `reply`, else with `enhanced`. */
status words_refusal(int code, int reply, const char *enhanced, span line);

#endif
