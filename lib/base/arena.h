/* Memory with the lifetime of one transaction: many small allocations, one release. Capped. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/span.h"

typedef struct arena {
	struct arena_block *head;
	size_t used; /* octets handed out since the last reset */
	size_t max;  /* the cap, in octets */
} arena;

arena arena_new(size_t max);
/* Zeroed memory, aligned for any type; NULL where the cap would be passed. The rest of the program
 * treats that as "too many", never as "out of memory", which ends the process. */
void *arena_alloc(arena *, size_t n);
/* The same octets, owned by the arena, with a NUL behind them; p is NULL where the cap would be passed. */
span arena_dup(arena *, span);
char *arena_cstr(arena *, span);
void arena_reset(arena *); /* everything handed out is gone; one block is kept for the next use */
void arena_free(arena *);

#endif
