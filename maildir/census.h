/* One look into new/ and cur/, compared with the roll. Private to this folder.
 *
 * While others rename files, a scan of a directory may give a file under its old name, its new one, both or none. So a
 * census tells what is odd and proves nothing, but where it is settled: the directories did not change from before it
 * began until it ended, and their last change was so long before that another one would show in their times. */
#ifndef MAILDIR_CENSUS_H
#define MAILDIR_CENSUS_H

#include "maildir/journal.h"

typedef struct census_name {
	uint64_t at;
	uint16_t n;
	bool is_new;
} census_name;

typedef struct census {
	char *names; /* owned */
	size_t names_n, names_room;
	census_name *odd; /* files that are not where the roll has them, or not in it */
	size_t odd_n, odd_room;
	uint32_t *missing; /* UIDs that no file was seen of, ascending; owned */
	size_t missing_n;
	bool looked[PARTS];	     /* into which of the two */
	bool settled[PARTS];	     /* what it told of this one holds */
	bool moved;		     /* something changed while it looked */
	journal_stamp stamps[PARTS]; /* their times before it began */
} census;

/* What `parts` (bits 1 << IN_NEW, 1 << IN_CUR) hold. False with errno. */
bool census_take(census *, const int part[PARTS], unsigned parts, roll *);
void census_free(census *);
span census_at(const census *, size_t i);

/* Bits of the parts that may have changed since they were as `stamps` say; false with errno. */
bool census_due(const int part[PARTS], const journal_stamp stamps[PARTS], unsigned *parts);

/* A directory whose time is ahead of the clock (that was set back) would never be settled: it gets the time now. */
void census_tame(const int part[PARTS]);
/* Whether the two did not change for so long that a look from now on is settled if they stay as they are. */
bool census_quiet(const int part[PARTS], journal_stamp stamps[PARTS]);

#endif
