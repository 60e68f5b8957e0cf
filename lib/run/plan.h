/* What a pass would do (queue-run -n): nothing is claimed, written or sent. */
#ifndef RUN_PLAN_H
#define RUN_PLAN_H

#include "run/runner.h"

/* One line a recipient on fd 1: NAME TAB ADDRESS TAB WHAT. Returns an exit code. */
int plan_run(const runner_options *);

#endif
