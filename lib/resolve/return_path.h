/* The envelope's sender of mail that goes on to others. */
#ifndef RESOLVE_RETURN_PATH_H
#define RESOLVE_RETURN_PATH_H

#include "base/str.h"
#include "io/table.h"
#include "resolve/resolve.h"

/* Mail that an alias or .forward sends on to another host: appends the sender that it goes out with, by SRS (srs.h), where
 * control/srs-secret exists, the sender is of a foreign domain, and there is room. Else false: as he is. */
bool return_path_forward(resolver *, const addr *sender, str *to);

/* Mail that the alias `list` sends to `member`: where there is an alias owner-LIST, it comes back there. Appends that address,
 * with the member in it (VERP) unless it is NULL: owner-LIST+user=example.org. Else false. */
bool return_path_list(resolver *, const addr *list, const addr *member, str *to);

/* Of an address of ours: TABLE_FOUND, and whom SRS wrapped in it; TABLE_ABSENT; TABLE_ERROR with *fault. */
enum table_result return_path_unwrap(span local, arena *, addr *to, status *fault);

#endif
