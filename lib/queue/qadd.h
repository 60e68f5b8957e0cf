/* Putting a message into the queue: the function that queue-add, the keeper of smtp-recv, the drop/
 * reader and the bounces share. One journal commit; the order of steps is in pabal-internals(7). */
#ifndef QUEUE_QADD_H
#define QUEUE_QADD_H

#include "base/status.h"
#include "mail/envelope.h"
#include "queue/qmsg.h"

typedef struct qadd {
	int fd; /* new/ID, or drop/ID: locked; -1 when none is open */
	char id[QID_LEN + 1];
	int at;			/* where `name` is; borrowed */
	char name[QID_LEN + 8]; /* ID in new/, or drop/ID in the queue */
	bool drop;
	uint64_t length; /* octets behind the first line so far */
	uint32_t sum;
	uint64_t max;  /* the most octets of message that are taken */
	uint64_t size; /* octets of message so far */
	int error;     /* errno of the first failure, sticky */
	char *buf;     /* owned; what waits to be written */
	size_t buffered;
	bool flushed; /* buf was written at least once: the first line goes in place */
} qadd;

/* Opens queue/ of the installation (borrowed by all calls below). -1 with errno. */
int qadd_open_queue(void);

/* Creates new/ID with the id of the caller (qid_make), or a new one for NULL, and writes the
 * envelope. False with errno. */
bool qadd_begin(qadd *, int queue_dir, const char *id, const envelope *, uint64_t max);
/* Octets of the message, LF line ends. An error is sticky; EFBIG above max. */
void qadd_put(qadd *, span octets);
/* First line, fsync of the file and its name. EX_OK means durable: the caller may
 * say 250. On any failure the file is unlinked and the status temporary (452 4.3.1 for no space and
 * quota, 552 5.3.4 for EFBIG, 451 else). Also ends the qadd. */
status qadd_commit(qadd *);
/* As qadd_begin(), but the file is made in drop/ for the calling user; `queue_dir` may be O_PATH.
 * Use queue/drop.h. */
bool qadd_begin_drop(qadd *, int queue_dir, const char *id, const envelope *, uint64_t max);
/* The words for errno of a failed qadd_begin(); too_big: above `max`. */
status qadd_status(int error, bool too_big);
void qadd_abort(qadd *); /* unlinks; does nothing after a commit */

/* The whole message at once, for what is in memory: one write. */
status qadd_message(int queue_dir, const char *id, const envelope *, span trace, span message,
		    char id_out[static QID_LEN + 1]);

#endif
