/* The floor of free space: below it no new mail is taken, so that what is in the queue can still be worked on (logs,
 * bounces, deliveries). control/free-space, control/free-inodes. */
#ifndef QUEUE_ROOM_H
#define QUEUE_ROOM_H

#include "base/status.h"

enum { ROOM_OCTETS = 20 << 20, ROOM_INODES = 1000 }; /* where control says nothing */

typedef struct room_floor {
	uint64_t octets, inodes; /* 0: not looked at */
} room_floor;

/* What control says. False (errno set) and *name the file that is no number: an operator's mistake, *f then holds
 * the default of that one. */
bool room_read(room_floor *f, const char **name);
/* EX_OK where a message of `size` octets leaves more than the floor; else 452 4.3.1. A file system that does not count
 * its inodes has enough of them. */
status room_check(const room_floor *, int queue_dir, uint64_t size);

#endif
