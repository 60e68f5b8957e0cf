/* A message on its way out: an open file from an offset, read once to know what it is like on the
 * wire (stuff.h), and then as often as it is sent. A small one stays in memory between the two. */
#ifndef SMTP_OUTGOING_H
#define SMTP_OUTGOING_H

#include <sys/types.h>

#include "base/status.h"
#include "io/out.h"
#include "smtp/stuff.h"

enum { OUTGOING_CHUNK = 65536 };

typedef struct outgoing {
	int fd;	      /* borrowed */
	off_t offset; /* where the message starts; it goes to the end of the file */
	stuff_facts facts;
	bool header_eight;	/* octets above 0x7f in the header (of it, in the first chunk) */
	char *chunk;		/* owned, OUTGOING_CHUNK octets; the whole message where it fits */
	struct outgoing *seven; /* the same in 7 bits, once it was asked for; owned */
	status seven_why;	/* EX_OK, or why there is none */
} outgoing;

/* False with errno where the file cannot be read; ENODATA for an empty message. */
bool outgoing_open(outgoing *, int fd, off_t offset);
void outgoing_close(outgoing *); /* the descriptor stays open */

/* The message in 7 bits (mail/seven.h), for a server without 8BITMIME: made when it is first asked for, in the file
 * `scratch`, which is overwritten and must stay as long as the outgoing. NULL with *why: EX_DATAERR where it cannot
 * be done, else temporary. */
outgoing *outgoing_seven(outgoing *, int scratch, status *why);

/* Writes the wire form with its final dot; what is left in the buffer is the caller's to flush. False with errno: the caller must
 * drop the connection, for the message is not ended. ESTALE where the file is not the one that was looked at any more: then no dot
 * was written either. */
bool outgoing_write(outgoing *, out *);

#endif
