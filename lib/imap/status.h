/* STATUS of a mailbox, for STATUS and for LIST (RFC 3501, 6.3.10; RFC 5819; RFC 7162, 7; RFC 7889, 4; RFC 8438). */
#ifndef IMAP_STATUS_H
#define IMAP_STATUS_H

#include "imap/state.h"

/* "(" items ")" as a set; false where something else stands there. */
bool imap_status_items(imap_scan *, unsigned *items);
/* "* STATUS name (…)". False with *why; then nothing was said. */
bool imap_status_tell(imap_state *, span name, unsigned items, status *why);

#endif
