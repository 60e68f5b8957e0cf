/* The parent of a server in wait mode: keeps pairs of talker and keeper ready on a listening socket, a few spare
 * ones, and never more than a cap. It touches no connection. */
#ifndef RUN_PREFORK_H
#define RUN_PREFORK_H

#include "base/span.h"

enum { PREFORK_MAX = 4096 };

/* Where a talker says, without a system call, whether it is busy. */
typedef struct prefork_slot {
	volatile unsigned char
	    *board; /* shared memory, one octet a pair; NULL: there is no parent */
	size_t index, count;
	size_t low; /* fewer idle ones than this: the parent is woken */
	int wake;   /* its pipe; -1: none */
} prefork_slot;

#define PREFORK_ALONE ((prefork_slot){NULL, 0, 0, 0, -1})

void prefork_idle(const prefork_slot *);
void prefork_busy(const prefork_slot *);

typedef struct prefork {
	size_t spare; /* idle pairs that are kept ready; more than twice as many retire again */
	size_t cap;   /* pairs at most, PREFORK_MAX at most */
} prefork;

enum prefork_role {
	PREFORK_PAIR,	/* in a child: be a keeper with its talker, and end */
	PREFORK_PARENT, /* after SIGTERM, when all pairs have ended */
	PREFORK_ERROR,	/* errno */
};

/* Forks pairs until SIGTERM. SIGHUP: each pair retires after its session, new ones read the control files anew. */
enum prefork_role prefork_run(const prefork *, prefork_slot *);

#endif
