#include "run/crowd.h"

#include <sys/mman.h>

enum { SIZE = PREFORK_MAX * sizeof(uint64_t) };

bool crowd_open(crowd *c, size_t max)
{
	void *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	c->networks = p == MAP_FAILED ? NULL : p;
	c->max = max;
	return c->networks != NULL;
}

void crowd_leave(const crowd *c, const prefork_slot *s)
{
	if (c->networks && s->board)
		c->networks[s->index] = 0;
}

/* Two that come at the same moment may count each other: then both are one too many, which is no harm. What a dead pair
 * wrote counts until its slot is free. */
bool crowd_enter(const crowd *c, const prefork_slot *s, uint64_t network)
{
	size_t n = 0;
	if (!c->networks || !s->board || network == 0)
		return true;
	c->networks[s->index] = network;
	for (size_t i = 0; i < s->count; i++)
		n += c->networks[i] == network && s->board[i];
	if (n > c->max)
		c->networks[s->index] = 0;
	return n <= c->max;
}

void crowd_close(crowd *c)
{
	if (c->networks)
		(void)munmap((void *)(uintptr_t)c->networks, SIZE);
	c->networks = NULL;
}
