/* One message on its way into tmp/: judged, topped with its trace fields, copied, counted. Private to this
 * folder. */
#ifndef MAILDIR_PIECE_H
#define MAILDIR_PIECE_H

#include "maildir/deliver.h"

typedef struct piece {
	uint64_t octets; /* of the file written */
	uint64_t wire;	 /* of the same with CRLF line ends */
	bool
	    open_end; /* the last line lacks its end: no name tells that, so it tells no wire size */
} piece;

/* Copies the message of the job behind its trace fields into fd. EX_OK, or why not: 75 for what is no
 * message (empty, without a header), 554 5.4.6 for a mailbox that it has been in before. */
status piece_write(const maildir_job *, int fd, piece *);

/* What an errno of the file system means to the sender: full is 452, everything else doubt. */
status piece_error(int error, const char *doing, const char *where);

#endif
