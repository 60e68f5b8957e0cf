/* Files as the mail path needs them: durable, bounded, never by a NUL-cut name. All functions return
 * -1 or false with errno set; none prints. */
#ifndef IO_FILE_H
#define IO_FILE_H

#include <sys/stat.h>

#include "base/span.h"
#include "base/str.h"

int file_open_dir(int at, const char *path);  /* O_DIRECTORY|O_CLOEXEC; at: a directory fd or AT_FDCWD */
int file_open_read(int at, const char *path); /* O_RDONLY|O_CLOEXEC|O_NOFOLLOW|O_NONBLOCK, regular file only */
bool file_mkdir(int at, const char *path, mode_t); /* an existing directory is fine */

/* Appends the whole file, at most the str's cap (EFBIG where it is longer). */
bool file_read(int at, const char *path, str *to);
/* Octets [offset, …) of an open file, up to n; short only at end of file. -1 on error. */
ssize_t file_pread(int fd, void *to, size_t n, off_t offset);
/* Copies from `from`'s offset to its end; the count of octets or -1. */
int64_t file_copy(int from, int to);

/* fsync(2) that is never retried: after a failure the pages may be marked clean, so only giving up the
 * whole file is honest. */
bool file_sync(int fd);
/* Whether the sync of a file makes the names durable, too, that it was given before: ext4 and XFS write all changes of
 * names to one journal in their order, and a sync of the file writes it up to there. Elsewhere (POSIX), and where
 * nothing is known, the directory must be synced as well. `fd` is anything on that file system. */
bool file_orders_names(int fd);
/* Replaces `path` as a whole: temporary file beside it, fsync, rename, fsync of the directory. */
bool file_replace(int at, const char *path, mode_t, span content);

/* An unlinked file for a message in transit, in $TMPDIR or /tmp; O_CLOEXEC; -1 with errno. */
int file_temp(void);

/* Whether fd is a seekable regular file; if it is not, its whole content copied to an unlinked
 * temporary file (at most max octets, EFBIG). Returns fd itself or the new descriptor, -1 on error. */
int file_seekable(int fd, uint64_t max);

#endif
