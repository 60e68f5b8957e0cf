/* The messages of one folder by the part of their names that stays (name_unique()). Private to this folder. */
#ifndef MAILDIR_INDEX_H
#define MAILDIR_INDEX_H

#include "maildir/scan.h"

typedef struct name_index {
	maildir_scan scan;
	uint32_t *table; /* indexes of messages + 1, 0 none; open addressing */
	size_t slots;
} name_index;

/* Reads the folder's directories. False with errno. */
bool index_read(name_index *, const char *dir);
void index_free(name_index *);
/* NULL where there is none. Lives until the next index_add(). */
const scan_message *index_find(const name_index *, span unique);
bool index_is_new(const name_index *, const scan_message *);
/* One more that was put there since. */
bool index_add(name_index *, span name, bool is_new);

#endif
