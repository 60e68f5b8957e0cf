/* What goes with a message: files, and parts of stored messages, opened and judged. Nothing is copied: each is a
 * map of its file. */
#ifndef WRITE_CARGO_H
#define WRITE_CARGO_H

#include "base/arena.h"
#include "io/map.h"
#include "io/sniff.h"
#include "mail/attachment.h"

enum { CARGO_MAX = 1000 };

typedef struct cargo {
	attachment parts[CARGO_MAX];
	map maps[CARGO_MAX];
	size_t count;
	arena mem;
	sniff *magic; /* opened with the first file */
	bool eight_bit;
	span input;  /* the message that the path "-" stands for; p NULL: none */
	str problem; /* why the last call was false */
} cargo;

void cargo_init(cargo *, bool eight_bit);
void cargo_free(cargo *);

/* "~/x" below $HOME; other paths as they are. NULL where the arena is full. */
char *cargo_path(arena *, span path);

/* Each is false, with `problem`, where the file is not there or cannot be read, or there are too many. */

/* A file under its own name; `type` "" : found out. `as` is the name that it gets; "" its own. */
bool cargo_file(cargo *, span path, span type, span as);
/* An open file, which stays the caller's. */
bool cargo_fd(cargo *, int fd, span type, span name);
/* The part with this number of the message in that file, as it stands. */
bool cargo_part(cargo *, span number, span path);
/* The message in that file, enclosed (message/rfc822). */
bool cargo_message(cargo *, span path);

#endif
