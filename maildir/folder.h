/* One folder of a mailbox as its sessions see it: which messages are in it, under which UIDs, with which
 * flags (pabal-maildir(5)). The directory is shared with foreign programs that add, rename and remove files at
 * any time; a message is its base name, what stands before ':' in the file's name.
 *
 * Files of ours stand in the folder's directory, where Maildir++ programs take them for nothing:
 *
 *     pabal.log      append-only lines, each with a checksum: the data. UID, base name, internal date, sizes,
 *                    keywords, flags, mod-sequence, expunged UIDs; all of it durable before a client hears of it
 *     pabal.index    the log up to an offset, mapped; replaced by rename; made anew when it is lost
 *
 * Readers take no lock, writers one short flock(2) of the log. A torn tail is cut by the next writer. The log
 * lost or damaged: a new UIDVALIDITY, larger than any earlier one of the account (the top's pabal.uidvalidity). */
#ifndef MAILDIR_FOLDER_H
#define MAILDIR_FOLDER_H

#include <sys/types.h>

#include "base/span.h"
#include "base/status.h"
#include "base/str.h"

/* System flags: the bits of the file name's letters (:2,DFRST), and two that no letter says. */
enum {
	FOLDER_DRAFT = 1,    /* D */
	FOLDER_FLAGGED = 2,  /* F */
	FOLDER_PASSED = 4,   /* P: $Forwarded */
	FOLDER_ANSWERED = 8, /* R */
	FOLDER_SEEN = 16,    /* S */
	FOLDER_DELETED = 32, /* T */
	FOLDER_FLAGS = 63,   /* all of the above, which can be stored */
	FOLDER_NEW = 64,     /* the file is in new/ still */
	FOLDER_RECENT = 128, /* this session took it out of new/ */
};
enum { FOLDER_KEYWORDS = 64 }; /* at most this many names of keywords in one folder */

typedef struct folder folder;

typedef struct folder_msg {
	uint32_t uid;	   /* ascending, never reused */
	uint32_t flags;	   /* FOLDER_… */
	uint64_t keywords; /* bit i: folder_keyword(f, i) */
	uint64_t octets;   /* of the file */
	uint64_t
	    wire; /* of the same with CRLF line ends: RFC822.SIZE; 0 where it is not known yet, see
			      folder_measure() */
	unsigned
	    open_end; /* octets that the last line lacks of its CRLF, which POP3 adds; known with wire */
	int64_t date; /* internal date, epoch seconds */
	uint64_t modseq;
	span
	    base; /* the base name; lives until the next call that is not folder_at() or folder_find() */
} folder_msg;

/* Opens the folder `dir` (a Maildir or Maildir++ folder, absolute). NULL with *why: 75 for every doubt. Files that
 * have no UID yet get one, in the order of their times of arrival; this writes, so the folder must be writable. */
folder *folder_open(const char *dir, status *why);
void folder_close(folder *);

uint32_t folder_uidvalidity(const folder *);
uint32_t folder_uidnext(const folder *);
uint64_t folder_highest_modseq(const folder *);

/* The view: the messages in ascending order of UID, as of the last folder_open() or folder_refresh(). A message
 * that somebody else removed stays in the view, and opens with ENOENT, until the next refresh. */
size_t folder_count(const folder *);
folder_msg folder_at(const folder *, size_t i);
/* What the flags of the view come to, without a look at each message where it is as the index has it. */
typedef struct folder_tally {
	size_t recent;	     /* FOLDER_NEW or FOLDER_RECENT */
	size_t unseen;	     /* without FOLDER_SEEN */
	size_t first_unseen; /* 1 + its index; 0: none */
} folder_tally;
folder_tally folder_count_flags(const folder *);
/* The index of `uid`, or of the first larger one; *exact says which. */
size_t folder_find(const folder *, uint32_t uid, bool *exact);

/* What changed outside since the last time. Costs a few system calls where nothing did, one scan of a directory where
 * something may have. Not seen is not expunged: a message that a scan missed is looked for by name, and goes only
 * when it is missing in a scan during which the directories did not change. The callbacks tell the indexes of the
 * old view that went (descending), and then those of the new view that are new or have other flags (ascending).
 * `changes` and each callback may be NULL. 75: the view may be behind; EX_UNAVAILABLE (69): another UIDVALIDITY, the
 * session must end. */
typedef struct folder_changes {
	void (*gone)(void *arg, size_t old_index, uint32_t uid);
	void (*changed)(void *arg, size_t index); /* flags or keywords */
	void (*added)(void *arg, size_t index);
	void *arg;
} folder_changes;
status folder_refresh(folder *, const folder_changes *);

/* A descriptor that can be read (poll(2)) when something may have changed, until the next refresh; the folder's own.
 * -1 where there is none to be had (the system gives a user only so many): then refresh every few seconds. Without a
 * change a refresh costs four system calls. */
int folder_watch(folder *);
/* The UIDs that were expunged with a mod-sequence above `since`, as ranges, oldest first. */
void folder_expunged(const folder *, uint64_t since,
		     void (*each)(void *arg, uint32_t first, uint32_t last), void *arg);

/* Moves the messages of the view that are in new/ into cur/ and marks them FOLDER_RECENT here: what IMAP's SELECT
 * does, and EXAMINE and POP3 do not. */
status folder_take_new(folder *);

/* The sizes of the messages [from, to) as they are in the view: those that the name does not tell are counted by
 * reading the files, once; the log remembers them. What is gone keeps wire 0. */
status folder_measure(folder *, size_t from, size_t to);

/* The open file of a message (found again by its base name where it was renamed), at offset 0; the caller closes it.
 * -1 with errno, ENOENT where it is gone. */
int folder_open_msg(folder *, size_t i);

/* Flags of messages: set, add or remove. Durable when it returns EX_OK; a message that changed has a new mod-sequence,
 * at once in the view. A message that is gone is left as it is. `indexes` ascending. */
enum folder_how { FOLDER_SET, FOLDER_ADD, FOLDER_REMOVE };
status folder_store(folder *, const size_t *indexes, size_t count, enum folder_how, uint32_t flags,
		    uint64_t keywords);
/* The same, but a message whose mod-sequence is above `since` by now, by whoever's change, stays as it is and is marked in
 * modified[]: compared and changed under one lock. */
status folder_store_unchanged(folder *, const size_t *indexes, size_t count, enum folder_how,
			      uint32_t flags, uint64_t keywords, uint64_t since, bool *modified);
/* The bit of a keyword (compared without case), made where there is room; -1 where there is none. */
int folder_keyword_bit(folder *, span name, bool make);
span folder_keyword(const folder *, int bit); /* "" where there is none */

/* Removes messages for good: unlinked, their UIDs recorded as expunged. Durable when it returns EX_OK. They leave the
 * view at the next refresh. `indexes` ascending. */
status folder_expunge(folder *, const size_t *indexes, size_t count);

/* Whether so many octets more fit the quota that the account's maildirsize names (maildir/room.h): 452 4.2.2, 552 5.2.2.
 * folder_append() asks by itself; who copies asks before, and who moves within the account need not. */
status folder_room(const folder *, uint64_t octets);

/* Adds a message: the file `fd` from `offset` on (LF line ends). *uid is its UID. Durable when it returns EX_OK. It is in
 * the view at the next refresh. */
typedef struct folder_new {
	int fd;
	off_t offset;
	uint32_t flags;
	uint64_t keywords;
	int64_t date; /* 0: now */
} folder_new;
status folder_append(folder *, const folder_new *, uint32_t *uid);
/* Copies messages within the account, by hard link where the file system allows; uids[i] is the UID of the i-th, 0
 * for one that is gone. */
status folder_copy(folder *from, const size_t *indexes, size_t count, folder *to, uint32_t *uids);

#endif
