/* A long list worked on by a few processes: each takes every n-th piece of it, and what they write comes out
 * in the order of the list. */
#ifndef IO_CREW_H
#define IO_CREW_H

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

#endif
