/* A long list worked on by a few processes: each takes every n-th piece of it, and what they write comes out
 * in the order of the list. */
#ifndef IO_CREW_H
#define IO_CREW_H

#include <sys/types.h>

#include "base/str.h"
#include "io/out.h"

typedef struct crew_tally {
	uint32_t done, failed; /* whatever the work counts */
} crew_tally;

/* Works on [from, to) of the list, appends what is to be written, adds to the tally. What it changes elsewhere
 * is lost, unless the list was short enough to be worked on here. */
typedef void crew_work(void *arg, size_t from, size_t to, str *result, crew_tally *);

/* Pieces of `piece`; below two of them, or with one processor, no process is made. The sums are in *sum. `o` is
 * flushed. False where `o` has an error (errno is then that one) or a process ended early (ECHILD). On
 * fd 2, where that is a terminal and fd 1 is none, it shows how far it is after two seconds. */
bool crew_run(size_t count, size_t piece, crew_work *, void *arg, out *o, crew_tally *sum);

/* Work ahead, while the list still grows: processes that are forked from time to time look at what is there by then
 * and leave a mark for each entry. They may be ended at any moment: what has no mark is for crew_run(). */
enum { CREW_MEMBERS_MAX = 4 };
typedef void crew_glance(void *arg, size_t from, size_t to);
typedef struct crew_ahead {
	crew_glance *glance;
	void *arg;
	unsigned char *marks; /* shared by all processes; NULL: nobody works ahead */
	size_t room, members, given;
	pid_t pids[CREW_MEMBERS_MAX]; /* 0: none */
} crew_ahead;

/* `room` marks, all 0. With one processor nobody will work ahead. */
void crew_ahead_open(crew_ahead *, size_t room, crew_glance *, void *arg);
/* The list has `count` entries: a free member takes those that none had, where they are many. */
void crew_ahead_grown(crew_ahead *, size_t count);
/* Entry i's mark, for both sides; NULL where there is none. */
unsigned char *crew_ahead_mark(const crew_ahead *, size_t i);
void crew_ahead_end(crew_ahead *); /* ends the members; the marks stay */
void crew_ahead_free(crew_ahead *);

#endif
