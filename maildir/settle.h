/* The log brought into agreement with the directories. Private to this folder. */
#ifndef MAILDIR_SETTLE_H
#define MAILDIR_SETTLE_H

#include "maildir/place.h"

/* Takes in what others appended to the log, looks into the directories where they may have changed, and writes down
 * what is new, renamed or gone. `first`: the folder is just opened; looks more often. */
status settle(folder *, bool first);

#endif
