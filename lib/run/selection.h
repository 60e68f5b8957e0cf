/* The messages that an operator means: IDs, or all that match a choice. */
#ifndef RUN_SELECTION_H
#define RUN_SELECTION_H

#include "queue/choose.h"
#include "queue/scan.h"
#include "resolve/resolve.h"

typedef struct selection {
	int queue_dir; /* borrowed */
	const choice *choice;
	char *const *ids;   /* NULL at the end; none: all */
	bool where[4];	    /* by scan_where: which folders are looked at where no ID is given */
	resolver *resolver; /* for next hops; opened when it is needed */
	scan_entry *v;	    /* what matches, oldest first */
	size_t count, room;
	scan_entry *seen; /* looked at in the passes before, by name */
	size_t seen_count;
	size_t missing; /* IDs that are not in the queue */
	size_t damaged; /* files that could not be read (told on fd 2 where not yet known) */
} selection;

void selection_open(selection *, int queue_dir, const choice *, char *const *ids);
void selection_close(selection *);
/* Fills v[]. Again: only what has come, or got another name, since. False with errno. */
bool selection_read(selection *);

#endif
