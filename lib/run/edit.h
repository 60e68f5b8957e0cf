/* What an operator does to messages in the queue, beside any number of runners. (queue-edit(1).)
 *
 * To hold needs no claim (queue/qmove.c). To remove or bounce is: hold, so that nothing more is tried;
 * claim, which waits for who works on it just now; act. So an edit that is killed, or does not get the
 * claim in time, leaves a message that is held: nothing is lost, and nothing goes out. */
#ifndef RUN_EDIT_H
#define RUN_EDIT_H

#include "queue/scan.h"
#include "run/results.h"

enum edit_verb { EDIT_HOLD, EDIT_RELEASE, EDIT_RETRY, EDIT_REMOVE, EDIT_BOUNCE, EDIT_SHOW };

enum edit_result {
	EDIT_DONE,
	EDIT_WORKED_ON, /* done or not needed, and somebody tries the message just now */
	EDIT_NOT_HELD,	/* release of what is not held; nothing to do */
	EDIT_IS_HELD,	/* retry of what is held: it wants a release; nothing to do */
	EDIT_GONE,	/* left the queue meanwhile; nothing to do */
	EDIT_BUSY,	/* not claimed in time; it is held where the verb holds */
	EDIT_PARTIAL, /* was never confirmed to its sender, or its file is cut off: left for the sweep */
	EDIT_DAMAGED, /* cannot be read: it is in failed/ with the reason */
	EDIT_FAILED,  /* errno; or the bounce could not be queued */
};

typedef struct edit {
	int queue_dir; /* borrowed */
	enum edit_verb verb;
	const char *reason;	   /* of a bounce */
	int64_t give_up_at;	   /* clock_ms(): no longer than that is any claim waited for */
	results others;		   /* what workers said that no log has yet */
	char (*gone)[QID_LEN + 1]; /* unlinked, the log not yet */
	size_t gone_count, gone_room;
} edit;

void edit_open(edit *, int queue_dir, enum edit_verb);
void edit_close(edit *);

/* The first half of hold, remove, bounce: nothing more is tried. e->name follows. Fast, never waits. */
enum edit_result edit_stop(edit *, scan_entry *e);
/* The whole verb (after edit_stop(), where the verb has it); waits for the claim. e->name follows. */
enum edit_result edit_apply(edit *, scan_entry *e);
/* What was done so far is durable. False with errno: say of nothing since the last call that it is done. */
bool edit_sync(edit *);

#endif
