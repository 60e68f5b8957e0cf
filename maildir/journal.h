/* The lines of pabal.log (pabal-maildir(5)), written and read. Private to this folder. */
#ifndef MAILDIR_JOURNAL_H
#define MAILDIR_JOURNAL_H

#include "maildir/roll.h"

enum { JOURNAL_LINE = 2048 }; /* octets of the longest line */
enum { JOURNAL_MAX = INT32_MAX };
enum { KEYWORD_MAX = 255 }; /* octets of a keyword */

typedef struct journal_stamp { /* when a directory last changed; 0 0: not known */
	int64_t sec;
	uint32_t nsec;
} journal_stamp;

enum { IN_NEW, IN_CUR, PARTS }; /* the two directories */

typedef struct journal_record {
	enum journal_kind {
		JOURNAL_START = 'p',   /* uidvalidity, id */
		JOURNAL_MESSAGE = 'm', /* entry, is_new, name */
		JOURNAL_FLAGS =
		    'f', /* entry's uid, modseq, keywords; is_new, name: what follows the base */
		JOURNAL_SIZES = 's',	 /* entry's uid, octets, wire, ROLL_OPEN of its flags */
		JOURNAL_GONE = 'x',	 /* gone */
		JOURNAL_LONG_GONE = 'e', /* gone, without lines of messages in this log */
		JOURNAL_KEYWORD = 'k',	 /* bit, name */
		JOURNAL_STAMPS =
		    'd', /* stamps: all that was in the directories then is in the log */
		JOURNAL_NEXT =
		    'n', /* entry's uid and modseq: the next UID, the highest mod-sequence */
	} kind;
	uint32_t uidvalidity;
	uint64_t id;
	roll_entry entry;
	roll_gone gone;
	bool is_new;
	unsigned bit;
	journal_stamp stamps[PARTS];
	span name; /* lives until the next record */
} journal_record;

/* Appends one line. */
void journal_put(const journal_record *, str *to);

typedef struct journal_reading {
	off_t good;   /* behind the last line that holds */
	bool torn;    /* something stands behind it */
	bool damaged; /* and among that a line that holds: no crash of ours does that */
} journal_reading;

/* Gives each record from offset `from` on, up to the first line that does not hold. False with errno. */
bool journal_read(int fd, off_t from, void (*each)(void *, const journal_record *), void *arg,
		  journal_reading *);
/* The first line, if it holds. */
bool journal_first(int fd, journal_record *);
/* One line with its LF; `room` for the name, JOURNAL_LINE octets. */
bool journal_take(span line, char *room, journal_record *);

#endif
