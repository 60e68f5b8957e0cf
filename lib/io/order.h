/* Whether a table file is in the octet order of `key:` from its first line to its last, and the
 * memory of files for which that was found to hold (pabal-tables(5)). */
#ifndef IO_ORDER_H
#define IO_ORDER_H

#include <sys/stat.h>

#include "base/span.h"

enum { ORDER_KEY_MAX = 512, ORDER_VALUE_MAX = 65536 };
/* Octets of the longest line: key, colon, value, LF. */
enum { ORDER_LINE_MAX = ORDER_KEY_MAX + 1 + ORDER_VALUE_MAX + 1 };

/* Reads all of an open file. NULL where it is well-formed; else what is wrong, and *line where (1
 * the first line; 0 where the file cannot be read). */
const char *order_check(int fd, size_t *line);

/* What identifies one state of a file. */
typedef struct order_id {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec modified, changed;
} order_id;

order_id order_id_of(const struct stat *);
bool order_id_eq(const order_id *, const order_id *);
/* Whether the file may change once more without a new time stamp: it changed within the last two
 * seconds. Nothing about such a file is remembered. */
bool order_id_fresh(const order_id *);

/* The memory in PABAL_RUN; a file that cannot be read or written only costs another check. */
bool order_known(const char *table_name, const order_id *);
void order_remember(const char *table_name, const order_id *);

#endif
