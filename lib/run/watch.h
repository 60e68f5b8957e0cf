/* What wakes the runner: files in new/ and drop/, lines in its result files (inotify). */
#ifndef RUN_WATCH_H
#define RUN_WATCH_H

#include "run/state.h"

bool watch_open(runner *, bool directories); /* false with errno */
void watch_results(runner *, result_file *);
/* Names that came go to runner.todo, and drop_due is set. */
void watch_read(runner *);

#endif
