/* A text table `key:value` in the octet order of `key:`, looked up by binary search with pread(2),
 * or an executable of the same name (one line in: the key; one line out: the value, or an empty
 * line for "not found"). pabal-tables(5).
 *
 * "Not found" is believed only after the order of the whole file has been checked once; that is
 * remembered in PABAL_RUN by device, inode, size and time, and in the table itself for this
 * process. A "found" needs no such check. A line with the right key but not in its place is
 * therefore a TABLE_ERROR, which defers, and never a "no such user". */
#ifndef IO_TABLE_H
#define IO_TABLE_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/span.h"

typedef struct table table;

enum table_result {
	TABLE_FOUND,
	TABLE_ABSENT, /* the key is not there, surely */
	TABLE_NONE,   /* there is no such file */
	TABLE_ERROR, /* unreadable, unsorted, damaged: *line has the line number where known, else 0
		      */
};

/* Opens control_root()/NAME ("control/users", "passwd"). Never fails: a missing file shows at the
 * lookup, so that one that appears later is seen. The handle re-opens when inode, size or mtime
 * change. */
table *table_open(const char *name);
void table_close(table *);

/* The value of `key`, copied into the arena. Keys are at most 512 octets, values 64 KiB; blank
 * lines and
 * '#' lines are allowed only at the top of the file. On TABLE_ERROR *error says what, for the log.
 */
enum table_result table_get(table *, span key, arena *, span *value, const char **error,
			    size_t *line);
/* Where the entry of `key` is, in octets [from, to) of the file, or (TABLE_ABSENT, from == to)
 * where it would be. For table_set(). */
enum table_result table_place(table *, span key, uint64_t *from, uint64_t *to, const char **error,
			      size_t *line);
/* The number of the line of `key`, 0 where there is none; reads the file up to it. For messages. */
size_t table_line(table *, span key);
/* Checks the whole file now, whatever is remembered: TABLE_FOUND where it is in order, TABLE_NONE,
 * or TABLE_ERROR with *error and *line. An executable is in order. */
enum table_result table_check(table *, const char **error, size_t *line);
/* The next entry in file order; *at is 0 at first. For commands that list. */
enum table_result table_next(table *, uint64_t *at, arena *, span *key, span *value);
/* The whole path, for messages. */
const char *table_path(const table *);

/* Adds or replaces (value.p NULL: removes) an entry in its place, by file_replace() under a lock
 * file; mode as the old file's or `mode` for a new one. Returns TABLE_FOUND (replaced or removed),
 * TABLE_ABSENT (added, or nothing to remove) or TABLE_ERROR with errno. */
enum table_result table_set(const char *name, mode_t mode, span key, span value);

#endif
