/* Who writes: the addresses of the one who calls. */
#ifndef WRITE_SELF_H
#define WRITE_SELF_H

#include "base/arena.h"
#include "mail/inreply.h"

enum { SELF_MAX = 1000 };

typedef struct self {
	arena mem;
	span host; /* control/me, or the machine's name */
	inreply_own own[SELF_MAX];
	size_t count; /* one at least, after self_open() */
} self;

void self_open(self *);
void self_close(self *);
/* Addresses that were given, in the order of what goes first. False where it is no list of addresses. */
bool self_add(self *, span list, const charset_opener *);
/* At last the login name at this host, and at each of control/domains. */
void self_add_login(self *, const charset_opener *);

#endif
