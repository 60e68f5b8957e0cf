/* Where an accepted message goes: into the queue by the very function that queue-add is made of, or through the
 * operator's chain (control/recv-chain). */
#ifndef RUN_KEEP_H
#define RUN_KEEP_H

#include "mail/trace.h"
#include "run/keeper.h"

typedef struct keep {
	const keeper_config *config;
	int queue_dir;	      /* -1 until it can be opened */
	char id[QID_LEN + 1]; /* of the message that is open, or was last */
	bool open;
	const envelope *env; /* of the open message; borrowed */
	qadd add;
	int held_fd; /* the message for a chain or a policy, -1 where there is none */
	uint64_t size;
	int error; /* errno of the first failure of the open message */
	str trace;
} keep;

void keep_init(keep *, const keeper_config *);
void keep_free(keep *);

/* Whether there is room for a message of so many octets: 452 where not. A chain sees to it itself. */
status keep_room(keep *, uint64_t size);
/* Opens a message with a new ID; `t` is completed with it and becomes the Received field. Errors show at commit. */
void keep_begin(keep *, const envelope *, trace *t);
void keep_put(keep *, span octets);
/* EX_OK means durable (or taken by the chain): the client may hear 250. */
status keep_commit(keep *);
void keep_abort(keep *); /* nothing is left behind; does nothing where none is open */
/* All of it at once. */
status keep_message(keep *, const envelope *, trace *t, span message);

#endif
