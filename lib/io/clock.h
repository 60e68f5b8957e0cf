/* The two clocks. Deadlines are on the monotonic one, in milliseconds; stamps in files and names are
 * seconds since the epoch. PABAL_NOW (seconds) replaces the wall clock in tests of the retry clock. */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include <stdint.h>

int64_t clock_ms(void);  /* monotonic milliseconds */
int64_t clock_now(void); /* seconds since the epoch */
/* Milliseconds from now to a deadline of clock_ms(), for poll(2): -1 where deadline is 0 (none), 0
 * where it has passed. */
int clock_left(int64_t deadline);

#endif
