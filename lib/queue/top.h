/* Waiting mail added up: by destination and reason, by age. Pure.
 *
 * Reasons that differ in nothing but numbers (addresses of hosts, IDs, times) are one; the words of the first
 * stand for all. */
#ifndef QUEUE_TOP_H
#define QUEUE_TOP_H

#include "base/span.h"

enum { TOP_AGES = 6, TOP_REASON_MAX = 200 };

/* Upper ends, in seconds; the last has none. */
extern const int64_t top_age_ends[TOP_AGES - 1];

typedef struct top_row {
	char *destination; /* owned, domains in lower case */
	char *reason;	   /* owned, at most TOP_REASON_MAX octets */
	char *key;	   /* owned: both, without the numbers */
	size_t count;	   /* recipients that wait */
	size_t ages[TOP_AGES];
	int64_t oldest;	       /* seconds */
	size_t of_destination; /* count of all rows with this destination; after top_sort() */
} top_row;

typedef struct top {
	top_row *rows;
	size_t count, room;
	size_t *slots; /* open addressing; number of the row + 1 */
	size_t slot_count;
} top;

top top_new(void);
void top_free(top *);
void top_add(top *, span destination, span reason, int64_t age);
/* The destination with the most first, its reasons by count; equal ones by name. Nothing may be added after. */
void top_sort(top *);

#endif
