/* A message from outside of the queue, read in pieces and brought into message form: LF line ends. A file
 * with CRLF ends is read as such; a CR anywhere else is refused (a line that some programs see and others
 * do not is how mail is smuggled). The last line gets its LF. NULs and 8-bit octets are data. */
#ifndef QUEUE_INTAKE_H
#define QUEUE_INTAKE_H

#include "io/in.h"

enum intake_result {
	INTAKE_OK,
	INTAKE_END,
	INTAKE_BARE_CR,
	INTAKE_ERROR, /* errno */
};

enum { INTAKE_PIECE = 65536 };

typedef struct intake {
	in input;
	bool dot_ends; /* a line with a lone "." is the end (sendmail without -i) */
	bool line_start;
	bool held_cr; /* the piece before ended in CR: an LF must come first */
	bool ended;
} intake;

void intake_open(intake *, int fd, bool dot_ends);
void intake_close(intake *); /* the descriptor stays the caller's */
/* The next line, or a part of a very long one, its line end an LF. Valid until the next call. */
enum intake_result intake_next(intake *, span *piece);

#endif
