/* Names of queue files that wait to be claimed: a queue in memory, with a cap; what does not fit is
 * found again by the next scan. */
#ifndef RUN_NAMES_H
#define RUN_NAMES_H

#include "base/span.h"

enum { NAMES_MAX = 200000 };

typedef struct queue_name {
	char name[64];	     /* as qmsg.name */
	bool fresh;	     /* its arrival was seen by this run: runner.c says what that means */
	bool ask;	     /* given on the command line */
	unsigned char tries; /* how often it was busy */
} queue_name;

typedef struct names {
	queue_name *v;
	size_t head, count, room; /* v[head, count) wait */
} names;

bool names_push(names *, const queue_name *); /* false: full */
bool names_pop(names *, queue_name *);
bool names_empty(const names *);
bool names_full(const names *);
void names_move(names *from, names *to, size_t max);
void names_free(names *);

#endif
