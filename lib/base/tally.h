/* Sums by name: a table that grows up to a cap; what comes behind it is added to one row "(others)", so that whoever
 * chooses the names does not choose the memory. */
#ifndef BASE_TALLY_H
#define BASE_TALLY_H

#include "base/span.h"

enum { TALLY_VALUES = 5 };

typedef struct tally_row {
	char *key; /* owned */
	uint64_t v[TALLY_VALUES];
} tally_row;

typedef struct tally {
	tally_row *rows; /* in the order in which they came, until tally_sort() */
	size_t count, room, max;
	size_t *slots; /* open addressing; number of the row + 1 */
	size_t slot_count;
} tally;

tally tally_new(size_t max);
void tally_free(tally *);
/* The row of this name, made where it is new. Good until the next call. */
tally_row *tally_at(tally *, span key);
/* The greatest v[by] first, equal ones by name. Nothing may be added afterwards. */
void tally_sort(tally *, size_t by);

#endif
