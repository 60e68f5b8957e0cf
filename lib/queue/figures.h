/* The figures of mail-stat(1), out of the log. Pure. */
#ifndef QUEUE_FIGURES_H
#define QUEUE_FIGURES_H

#include "base/str.h"
#include "base/tally.h"

enum { FIGURES_DELAYS = 9, FIGURES_NAMES = 100000 };

/* Upper ends in seconds; the last has none. */
extern const uint64_t figures_delay_ends[FIGURES_DELAYS - 1];

/* Columns of `hours` and `destinations`. */
enum figures_column {
	FIGURES_TAKEN,
	FIGURES_DONE,
	FIGURES_DEFERRED,
	FIGURES_FAILED,
	FIGURES_DELAY
};

typedef struct figures {
	tally events; /* "COMMAND EVENT" */
	tally hours;  /* taken, done (delivered or relayed), deferred, failed */
	tally
	    destinations; /* next hops, "local"; done, deferred, failed, the sum of the delays of what is done */
	tally senders;				    /* messages taken, octets */
	tally refusals;				    /* "CODE ENHANCED" of smtp-recv */
	tally clients;				    /* addresses that were refused */
	uint64_t octets;			    /* of messages taken */
	uint64_t delays[FIGURES_DELAYS], delay_sum; /* of recipients that have it */
	uint64_t lines, others;			    /* read; not ours */
	str value, hour;			    /* reused */
} figures;

figures figures_new(void);
void figures_free(figures *);
/* One line of the log. `day`: only hours that start with it ("2026-11-24", "Nov 24"); "": all. */
void figures_line(figures *, span line, span day);

/* `top`: rows of each list. Sorts: nothing may be added afterwards. */
void figures_table(figures *, size_t top, str *to);
void figures_json(figures *, str *to);
/* The text format of Prometheus. Names of senders and clients are left out: they are others' choice. */
void figures_prometheus(figures *, str *to);

#endif
