/* The records of pabal.cache (pabal-maildir(5)), as they stand in the file: made and taken, and tables over them. Pure. Private to
 * this folder. */
#ifndef MAILDIR_CACHE_RECORD_H
#define MAILDIR_CACHE_RECORD_H

#include "maildir/cache.h"

enum {
	CACHE_ALIGN = 8,
	CACHE_TABLE_HEAD = 24,	      /* octets of a table before its slots */
	CACHE_FILE_MAX = 1 << 30,     /* of the file */
	CACHE_RECORD_MAX = 64 * 1024, /* of one message's record */
};

typedef struct cache_head {
	char magic[8];
	uint64_t table; /* where the last table stands; 0: nowhere. Written in place */
	uint64_t spare[6];
} cache_head;
#define CACHE_MAGIC "pabalch1"

/* What stands at an offset. */
typedef struct cache_entry {
	enum cache_kind { CACHE_NOTHING, CACHE_MESSAGE, CACHE_TABLE } kind;
	size_t size; /* of it, a multiple of CACHE_ALIGN */
	span octets; /* of it */
	uint32_t hash;
	span base;
	size_t slots;	     /* of a table, a power of two */
	size_t records;	     /* in it */
	cache_record record; /* pieces whose sums were not looked at */
	uint32_t sums[CACHE_PIECES];
} cache_entry;

/* A place in a table: 0 is a free one. */
typedef struct cache_slot {
	uint32_t hash, at; /* at: offset / CACHE_ALIGN */
} cache_slot;

uint32_t cache_hash(span base);
/* Takes what stands at `at`; CACHE_NOTHING where nothing does that holds. The sums of pieces, and what is in a table, are looked at
 * when they are used. */
void cache_take(span file, uint64_t at, cache_entry *);
/* Drops the pieces that are not in `wanted` (a bit each), or whose sums do not hold. */
void cache_check(cache_entry *, unsigned wanted);

/* Appends a message's record, which will stand at a multiple of CACHE_ALIGN; false where it would be too long. */
bool cache_put_record(span base, const cache_record *, str *to);
void cache_put_table(const cache_slot *, size_t slots, size_t records, str *to);

#endif
