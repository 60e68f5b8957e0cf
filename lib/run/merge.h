/* What workers of dead runs said goes into the logs of their messages, before anything is tried. */
#ifndef RUN_MERGE_H
#define RUN_MERGE_H

#include "run/state.h"

void merge_dead(runner *);

#endif
