/* control/sender-map: senders that the world knows by another name, where mail leaves by a smarthost. An entry is
 * `address:address`, or `@domain:@domain`, which keeps the user. It is applied to the envelope's sender and to the addresses of From,
 * Sender, Reply-To and their Resent- sisters; the display names, and all other fields, stay as they are. */
#ifndef SMTP_SENDER_MAP_H
#define SMTP_SENDER_MAP_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/status.h"
#include "io/table.h"
#include "mail/addr.h"

/* Appends the other name of an address: TABLE_FOUND; TABLE_ABSENT: it has none; TABLE_ERROR with *fault. */
enum table_result sender_map_find(table *, const addr *, str *to, status *fault);

/* A header with the other names in it, by the function; appended. How many were put in; SIZE_MAX where the function said no
 * (then stop). Pure. */
typedef enum table_result sender_map_ask(void *arg, const addr *, str *to);
size_t sender_map_header(span header, sender_map_ask *, void *arg, str *to);

/* The message in an open file, from `offset`: EX_OK, and *copy is a file of its own with the names changed (from its start; the
 * caller closes it), or -1 where nothing changes. Else temporary. */
status sender_map_message(table *, int fd, off_t offset, int *copy);
/* The envelope's sender, as text without brackets: itself, or its other name in the arena. */
status sender_map_sender(table *, arena *, span *sender);

#endif
