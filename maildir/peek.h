/* The header of one message after another, read with as few system calls as there can be. */
#ifndef MAILDIR_PEEK_H
#define MAILDIR_PEEK_H

#include "maildir/scan.h"

enum {
	PEEK_HEADER_MAX = 16 << 20
}; /* octets of a header that are read; more is taken for the body */

typedef struct peek {
	maildir_scan *scan;
	uint32_t part; /* whose directory is open */
	int dir, fd;
	char *buf;
	size_t room, first; /* of buf; octets of the next message that are read at first */
	span octets;	    /* the front of the message, as far as it was read */
	bool whole;	    /* octets are the whole message */
	bool cut;	    /* more can be read: a field at the end of octets may go on */
} peek;

void peek_open(peek *, maildir_scan *);
void peek_close(peek *);
/* Reads the front of a message; p's spans live until the next call. The message may get another name, where
 * somebody changed it meanwhile. False with errno; ENOENT: it is gone. */
bool peek_message(peek *p, scan_message *);
/* Reads more of it: who did not find what he looks for in a header that is `cut` asks for that. False where there is
 * no more, or (with errno) it cannot be read; p->cut is then false. */
bool peek_more(peek *p);
/* Octets of the message that was read: by its name, else by its file. */
uint64_t peek_octets(const peek *, const scan_message *);

#endif
