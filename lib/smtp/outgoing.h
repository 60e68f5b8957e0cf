/* A message on its way out: an open file from an offset, read once to know what it is like on the
 * wire (stuff.h), and then as often as it is sent. A small one stays in memory between the two. */
#ifndef SMTP_OUTGOING_H
#define SMTP_OUTGOING_H

#include <sys/types.h>

#include "io/out.h"
#include "smtp/stuff.h"

enum { OUTGOING_CHUNK = 65536 };

typedef struct outgoing {
	int fd;	      /* borrowed */
	off_t offset; /* where the message starts; it goes to the end of the file */
	stuff_facts facts;
	char *chunk; /* owned, OUTGOING_CHUNK octets; the whole message where it fits */
} outgoing;

/* False with errno where the file cannot be read; ENODATA for an empty message. */
bool outgoing_open(outgoing *, int fd, off_t offset);
void outgoing_close(outgoing *); /* the descriptor stays open */

/* Writes the wire form with its final dot, and flushes. False with errno: the caller must drop the
 * connection, for the message is not ended. ESTALE where the file is not the one that was looked at
 * any more: then no dot was written either. */
bool outgoing_write(outgoing *, out *);

#endif
