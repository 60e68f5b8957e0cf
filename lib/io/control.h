/* The installation: where it is, and its control files (pabal-control(5)). One value a file, lists one
 * entry a line, '#' starts a comment line, blanks around a line do not count. Read anew on each call;
 * callers keep what they need for a session. */
#ifndef IO_CONTROL_H
#define IO_CONTROL_H

#include "base/arena.h"
#include "base/span.h"

const char *control_root(void); /* $PABAL_ROOT or /var/lib/pabal; lives as long as the process */
const char *control_run(void);  /* $PABAL_RUN or $PABAL_ROOT/run */
/* Directory descriptors, O_CLOEXEC, owned by the caller; -1 with errno. `path` is below the root. */
int control_open_dir(const char *path);

enum control_result { CONTROL_OK, CONTROL_ABSENT, CONTROL_ERROR };

/* The first line that says something, copied into the arena. CONTROL_ERROR: errno set, or EINVAL for an
 * empty file, one of over 1 MiB, or a control octet in the value. */
enum control_result control_value(const char *name, arena *, span *value);
/* A decimal number; `fallback` where the file is absent. false (errno EINVAL or of open) where it is no
 * number or above max: an operator's mistake, which defers. */
bool control_number(const char *name, uint64_t max, uint64_t fallback, uint64_t *value);
/* All entries. *entries is in the arena. */
enum control_result control_list(const char *name, arena *, span **entries, size_t *count);
/* Whether control/NAME exists; errors count as absent only for ENOENT: false with errno 0. */
bool control_exists(const char *name);

#endif
