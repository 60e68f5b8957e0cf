/* log/ID: what happened to each recipient; the truth. Lines, appended, each with a checksum:
 *
 *     SUM N EVENT WHEN CODE ENHANCED WORDS LF
 *
 * CODE is an exit code, or exit code/SMTP reply where there was one, with the host behind it
 * (queue/remote_mta.h). SUM is the CRC-32 (8 hex
 * digits) of the rest of the line with its LF; N the recipient's number, 1 the first; WHEN epoch
 * seconds; a torn or damaged tail is ignored and cut before the next append. Expansions of aliases
 * add recipients behind those of the envelope, so that editing an alias renumbers nobody:
 *
 *     SUM N expand WHEN COUNT - ADDRESS           one line a new recipient, COUNT its own number
 *     SUM 0 attempt WHEN ATTEMPT - -              an attempt began
 *     SUM 0 bounced WHEN ID - -                   the bounce ID was queued for all failed so far
 *     SUM 0 warned WHEN ID - -                    the notice of delay ID was queued
 *     SUM 0 reported WHEN ID - -                  the report ID on all that are final so far was queued
 *     SUM 0 released WHEN 0 - -                   an operator let it go, or had it tried at once
 *     SUM 0 damaged WHEN 0 - WORDS                why it is in failed/ */
#ifndef QUEUE_QLOG_H
#define QUEUE_QLOG_H

#include "base/arena.h"
#include "base/status.h"
#include "queue/qmsg.h"
#include "queue/remote_mta.h"

enum qlog_event {
	QLOG_NONE,	/* nothing yet, or deferred before anything was tried */
	QLOG_DEFERRED,	/* code, enhanced, words: of the last attempt */
	QLOG_DELIVERED, /* final: in a mailbox */
	QLOG_RELAYED,	/* final: the next hop said 250 */
	QLOG_EXPANDED,	/* final for itself: replaced by other recipients */
	QLOG_FAILED,	/* a bounce is due */
	QLOG_BOUNCED,	/* final: failed, and the bounce is durable (or none is due) */
};

typedef struct qlog_rcpt {
	envelope_path path; /* of the envelope, or the expanded address */
	size_t parent;	    /* number of the recipient it was expanded from; 0: of the envelope */
	enum qlog_event event;
	int64_t when;
	status last;   /* code, enhanced code and words of the last event */
	remote_mta by; /* whose words they are; the name in `mem` */
	bool reported; /* the sender was told that it is delivered, relayed or expanded */
} qlog_rcpt;

typedef struct qlog {
	int fd;	 /* log/ID, O_APPEND; -1 while there is none */
	int dir; /* queue/, borrowed */
	char id[QID_LEN + 1];
	qlog_rcpt *rcpts; /* rcpts[i] is number i + 1 */
	size_t count, room;
	size_t attempts;
	int64_t last_attempt;
	bool warned;	/* the sender was told of the delay */
	int error;	/* errno of the first failed write, sticky */
	size_t good;	/* octets of log/ID up to the last good line when it was opened */
	bool exists;	/* log/ID is there, and durably so */
	size_t remotes; /* octets of names in `mem` */
	arena mem;
} qlog;

/* Reads log/ID (an absent one is empty) over the recipients of the claimed message. False with
 * errno. The caller holds the claim; the qlog borrows the message's envelope. */
bool qlog_open(qlog *, int queue_dir, const qmsg *);
void qlog_close(qlog *);
/* The two halves of qlog_open(), without files: the recipients of an envelope, and the lines of a
 * log applied to them. Returns the octets up to the last good line. */
bool qlog_start(qlog *, int queue_dir, const char *id, const envelope *);
size_t qlog_replay(qlog *, span text);

/* Appends and updates rcpts[]; not yet durable. n is the recipient's number. */
void qlog_record(qlog *, size_t n, enum qlog_event, const status *,
		 const remote_mta *by); /* NULL: nobody */
void qlog_attempt(qlog *);
size_t qlog_expand(qlog *, size_t n, const addr *); /* the new number, 0 on error */
void qlog_bounced(qlog *, const char *bounce_id);   /* all QLOG_FAILED become QLOG_BOUNCED */
void qlog_warned(qlog *, const char *notice_id);
void qlog_reported(qlog *, const char *report_id);
void qlog_released(qlog *); /* also: from now on no attempt counts as the first */
/* fdatasync (and the directory at the first time). False: do not take the step that depends on it.
 */
bool qlog_sync(qlog *);
/* All final. */
bool qlog_finished(const qlog *);
const char *qlog_event_name(enum qlog_event);

/* Of a message that cannot be read and is in failed/: why. Words of one line. */
bool qlog_set_reason(int queue_dir, const char *id, const char *reason);
/* Appends the last reason; false where there is none. */
bool qlog_reason(int queue_dir, const char *id, str *to);

#endif
