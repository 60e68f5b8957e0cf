/* drop/: how a local user's message gets into the queue while nothing of ours runs. The directory
 * is of mode 3733 (anybody may create, nobody may list; sticky; the files get its group).
 * sendmail(1) writes a whole queue file there and syncs it; queue-run(8) copies it in.
 *
 * The ID of a drop file is the queue ID of its copy, so that copying it again after a crash is
 * noticed. It holds the owner's uid: 7 digits of seconds, U, 7 digits of uid, 9 random digits (base
 * 32). Nobody can choose an ID that belongs to somebody else's message. */
#ifndef QUEUE_DROP_H
#define QUEUE_DROP_H

#include "queue/qadd.h"

void drop_id_make(char id[static QID_LEN + 1], uid_t owner);
/* Whether this is such an ID; the uid in it (uid may be NULL). */
bool drop_id_owner(span id, uid_t *uid);

/* The writer's side: as qadd_begin(), in drop/ of the installation, for the calling user. The file
 * is complete when its first line is written, the last step of drop_commit(). */
bool drop_begin(qadd *, const envelope *, uint64_t max);
status drop_commit(qadd *);

enum drop_result {
	DROP_QUEUED, /* copied in, the drop file is gone */
	DROP_AGAIN, /* its copy was in the queue already (a crash in between); the drop file is gone
		     */
	DROP_WAITS, /* incomplete, being written, or temporarily not possible: looked at again next
		       time */
	DROP_REFUSED, /* no regular file, a link, another's name, damaged: unlinked when older than
			 36 h */
	DROP_SWEPT,   /* unlinked for its age */
};

/* Called for every file that is not simply incomplete. `id` is the file's name. */
typedef void drop_each(void *arg, const char *id, uid_t owner, enum drop_result, const status *);

/* One pass over drop/: copies in what is complete. `max` is the largest message taken, in octets.
 * False with errno where drop/ cannot be read. */
bool drop_pass(int queue_dir, uint64_t max, drop_each *, void *arg);

#endif
