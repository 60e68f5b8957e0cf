/* The messages of folders, and of paths that somebody names, in one list. */
#ifndef MAILDIR_SCAN_H
#define MAILDIR_SCAN_H

#include "base/arena.h"
#include "base/str.h"
#include "maildir/name.h"

enum { SCAN_MESSAGES_MAX = 1 << 26 };

/* A directory of messages: "DIR/cur/", "DIR/new/", or any other that a path leads to; "" is the present one.
 */
typedef struct scan_part {
	const char *prefix; /* with its '/' */
	bool is_new;
} scan_part;

typedef struct scan_message {
	const char *name; /* below the part */
	uint32_t part;
	uint32_t n;	 /* octets of the name */
	uint32_t number; /* how many were added before: its own for good, whatever the order */
	int64_t arrived; /* epoch seconds by the name, else by the file; 0 where neither is known */
} scan_message;

typedef struct maildir_scan {
	arena mem;   /* of names and prefixes */
	char *names; /* where the next name goes */
	size_t names_left;
	scan_part *parts;
	scan_message *messages;
	size_t part_count, part_room, count, room;
	uint32_t added;
	void (*grown)(void *); /* where set: told from time to time, while messages are added */
	void *grown_arg;
} maildir_scan;

void maildir_scan_open(maildir_scan *);
void maildir_scan_free(maildir_scan *);

enum { SCAN_NEW = 1, SCAN_CUR = 2 };
/* Adds what is in the folder's new/, cur/ or both, in no order. False with errno: it cannot be read, or (EFBIG)
 * there are too many. */
bool maildir_scan_folder(maildir_scan *, const char *dir, unsigned which);
/* Adds one message by its path; nothing is looked at. False where there are too many. */
bool maildir_scan_path(maildir_scan *, span path);
/* The messages from index `from` on, oldest first. */
void maildir_scan_sort(maildir_scan *, size_t from);

span scan_name(const scan_message *);
void scan_put_path(const maildir_scan *, const scan_message *, str *to);
/* Whether the path has the form of a message in a Maildir: …cur/NAME or …new/NAME. */
bool scan_is_message(span path);

/* Another program may have renamed the message since: looks for it by name_unique() in the new/ and cur/ that
 * it was in. False: it is not there any more. */
bool maildir_scan_again(maildir_scan *, scan_message *);

#endif
