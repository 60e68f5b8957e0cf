/* Sets of message numbers or UIDs: "1:3,7,9:*" (RFC 3501, 9: sequence-set). */
#ifndef IMAP_SET_H
#define IMAP_SET_H

#include "base/str.h"
#include "imap/scan.h"

typedef struct imap_range {
	uint32_t first, last; /* first <= last */
} imap_range;

/* In the arena of the scan; ascending, apart and not touching once imap_set_settle() was called. */
typedef struct imap_set {
	imap_range *v;
	size_t n;
} imap_set;

/* "*" is IMAP_STAR until it is settled. */
enum { IMAP_STAR = 0 };
bool imap_set_parse(imap_scan *, imap_set *);
/* Puts `largest` (the largest number in use; 0 where there is none) for "*", each range the right way round, and all in order. */
void imap_set_settle(imap_set *, uint32_t largest);
bool imap_set_has(const imap_set *, uint32_t number); /* of a settled set */

/* Ascending numbers as a set, written as they come: begin with zeros, then each, then the end. */
typedef struct imap_ranges {
	uint32_t first, last;
	size_t written;
} imap_ranges;
void imap_ranges_put(imap_ranges *, uint32_t number, str *to);
void imap_ranges_end(imap_ranges *, str *to);

#endif
