/* The targets of an alias: addresses parted by commas (pabal-tables(5)). */
#ifndef RESOLVE_TARGET_H
#define RESOLVE_TARGET_H

#include "mail/addr.h"

enum { TARGET_MAX = 10000 };

/* *targets in the arena, at least one; "@domain" has an empty local part, and stands for the user that was asked for; NULL, or what is wrong with the list. */
const char *target_parse(span value, arena *, addr **targets, size_t *count);

#endif
