/* How far the passes over a queue have come, for the next one: it reads the buckets of later/ from there on, so that a
 * pass costs what is due, not what waits. PABAL_RUN/queue/scanned. The mark counts only in the boot that it was
 * written in (a crash gives renamed messages their old names back), for the same queue and the same largest step, and for
 * an hour after the last pass that read the whole ring; a pass that left anything behind moves no mark. */
#ifndef RUN_MARK_H
#define RUN_MARK_H

#include "base/span.h"

enum { MARK_SECONDS = 3600 };

typedef struct scan_mark {
	int64_t scanned; /* `now` of the last pass; 0: the whole ring is to be read */
	int64_t whole;	 /* of the last pass that read it all */
} scan_mark;

scan_mark mark_read(int queue_dir, int64_t now, int64_t largest);
/* Failures are not told: the next pass reads more. */
void mark_write(int queue_dir, const scan_mark *, int64_t largest);

#endif
