/* The roll of a folder: its messages in ascending order of UID, in memory, over the mapped index as far as nothing
 * changed. Private to this folder. */
#ifndef MAILDIR_ROLL_H
#define MAILDIR_ROLL_H

#include "io/map.h"
#include "maildir/folder.h"

enum { ROLL_MAX = 1 << 26 }; /* messages */

/* What the index holds of a message, as it stands in the file. */
typedef struct roll_entry {
	uint32_t uid;
	uint32_t flags; /* FOLDER_…, ROLL_GONE */
	uint64_t keywords, octets, wire;
	int64_t date;
	uint64_t modseq;
	uint64_t name; /* where the file's name stands in the names */
	uint32_t hash; /* of the base name */
	uint16_t name_n, base_n;
} roll_entry;
enum {
	ROLL_GONE = 1 << 16,  /* expunged; roll_compress() takes it out */
	ROLL_FOUND = 1 << 17, /* this look has found its file; goes with the next name */
	ROLL_OPEN_SHIFT = 18, /* octets that the last line lacks of its CRLF, 0 to 2; kept */
	ROLL_OPEN = 3 << ROLL_OPEN_SHIFT,
};

/* UIDs that were expunged, for VANISHED. */
typedef struct roll_gone {
	uint64_t modseq;
	uint32_t first, last;
} roll_gone;

/* What the flags of all entries come to; kept in the index, so that who opens a large folder need not look at each. */
typedef struct roll_tally {
	bool known;	     /* nothing changed since */
	size_t fresh;	     /* FOLDER_NEW or FOLDER_RECENT */
	size_t unseen;	     /* without FOLDER_SEEN */
	size_t first_unseen; /* 1 + its index; 0: none */
} roll_tally;

typedef struct roll {
	map index;     /* what is not owned below is in it */
	roll_entry *v; /* in the private map, or owned */
	size_t n, room;
	bool owned;
	span names; /* of the map */
	char *more; /* names behind those, owned */
	size_t more_n, more_room;
	roll_gone *gone;
	size_t gone_n, gone_room;
	size_t dead; /* entries marked ROLL_GONE */
	roll_tally tally;
	uint32_t *table; /* base name to index + 1, where it was asked for */
	size_t table_size;
} roll;

void roll_free(roll *);
/* "" for an entry that a damaged index made. */
span roll_name(const roll *, const roll_entry *);
span roll_base(const roll *, const roll_entry *);
size_t roll_find(const roll *, uint32_t uid, bool *exact);

/* Adds behind the last; false where its UID is not larger than that, or the name is none. The entry's uid, sizes,
 * date, modseq and keywords are taken as they are, flags of the letters from the name. */
bool roll_add(roll *, const roll_entry *, span name, bool is_new);
/* The file of entry i has another name. */
void roll_rename(roll *, size_t i, span name, bool is_new);
void roll_expunge(roll *, size_t i, uint64_t modseq);
/* These UIDs were expunged; they are not in the roll any more. */
void roll_put_gone(roll *, roll_gone);
/* Takes out what is gone: indexes change. */
void roll_compress(roll *);

/* The index of the entry with this base name; SIZE_MAX where there is none. Builds its table at the first question;
 * roll_forget() gives that memory back, and must be called before the roll changes. */
size_t roll_lookup(roll *, span base);
void roll_forget(roll *);

roll_tally roll_count(const roll *);

/* The FOLDER_… bits of a file's name. */
uint32_t roll_flags(span name, bool is_new);
/* The letters of those bits. */
uint64_t roll_letters(uint32_t flags);
/* Whether it can be a message's file in new/ or cur/. */
bool roll_is_name(span name);

#endif
