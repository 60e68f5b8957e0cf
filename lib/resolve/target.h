/* The targets of an alias: addresses parted by commas (pabal-tables(5)). */
#ifndef RESOLVE_TARGET_H
#define RESOLVE_TARGET_H

#include "mail/addr.h"

enum { TARGET_MAX = 10000 };

/* *targets in the arena, at least one; NULL, or what is wrong with the list. */
const char *target_parse(span value, arena *, addr **targets, size_t *count);

#endif
