/* Delivery into a Maildir++ (pabal-maildir(5)). The name is
 *
 *     SECONDS.ID+HASH.HOST,S=octets,W=wire octets
 *
 * with SECONDS the message's arrival, ID the queue ID, HASH of recipient and folder, so the same at
 * each attempt: a redelivery finds it in new/ or cur/ by base name and does nothing. */
#ifndef MAILDIR_DELIVER_H
#define MAILDIR_DELIVER_H

#include "base/span.h"
#include "base/status.h"
#include "base/str.h"

typedef struct maildir_job {
	const char *dir;   /* the Maildir or Maildir++ folder; must exist, never made here */
	span id;	   /* queue ID; "" outside of the queue: a unique one is made */
	int64_t arrived;   /* epoch seconds */
	span host;	   /* control/me or the host's name; '/' and ':' are escaped in the name */
	span sender;	   /* Return-Path, "" for <>; p NULL: none is added */
	span recipient;	   /* Delivered-To; p NULL: none is added */
	int fd;		   /* the message */
	off_t offset;	   /* where it starts */
	bool again;	   /* an earlier attempt may have succeeded: look for the name first */
	const char *flags; /* "S": seen, so into cur/; in the order of their octets. NULL: new/ */
} maildir_job;

typedef struct maildir_batch maildir_batch;

/* A batch: write all, sync, rename all, sync, and only then is any of them delivered. At most 64.
 */
maildir_batch *maildir_batch_new(void);
void maildir_batch_free(maildir_batch *); /* unlinks what was not committed */
/* Writes tmp/NAME. False where the batch is full; a failure of the one delivery shows at commit. */
bool maildir_batch_add(maildir_batch *, const maildir_job *);
size_t maildir_batch_count(const maildir_batch *);
/* Durable for each whose status is EX_OK. statuses[i] and paths[i] (the new file, owned by the
 * batch until it is freed or reused; "" on failure) belong to the i-th job added; the text of an EX_OK
 * status is the path too. The batch is then empty. */
void maildir_batch_commit(maildir_batch *, status *statuses, const char **paths);

/* Makes cur new tmp (0700) and, for a folder, maildirfolder; durable. Existing ones are fine. */
bool maildir_make(const char *dir);
/* Whether dir looks like a Maildir (cur, new and tmp): false with errno. */
bool maildir_check(const char *dir);

#endif
