/* Reading commands with their literals (RFC 3501, 4.3; RFC 7888), for the talker and the session. Nothing is made room
 * for because a client announces it: a command has a cap, and its octets come before its memory. */
#ifndef IMAP_READ_H
#define IMAP_READ_H

#include <signal.h>

#include "base/str.h"
#include "imap/scan.h"
#include "io/in.h"
#include "io/out.h"

enum imap_read {
	IMAP_READ, /* a command */
	IMAP_READ_BAD, /* it is not to be carried out: words say why ("BAD …", "NO …"); its tag is readable */
	IMAP_READ_BYE, /* what comes next is not to be found: words say why; the connection must go */
	IMAP_READ_STOP, /* *stop is set */
	IMAP_READ_LATE, /* nothing heard for too long */
	IMAP_READ_LOST, /* the connection ended, inside a command too */
};

/* What becomes of a literal that the client announces. */
enum imap_literal {
	IMAP_LITERAL_TEXT, /* it is part of the command */
	IMAP_LITERAL_FILE, /* it goes to a file, with LF for CRLF; in the command stands "" for it */
	IMAP_LITERAL_REFUSE, /* words say why; where the client sends it all the same it is dropped */
};

typedef struct imap_reader {
	in *in;
	out *out; /* for "+" */
	volatile sig_atomic_t *stop, *waiting;
	/* `before` is the command so far, without "{…}". NULL: all literals are text. */
	enum imap_literal (*literal)(void *arg, span before, uint64_t octets, int *fd);
	void *arg;
	const char *words; /* of BAD and BYE; static, or of `arg` */
	int error;	   /* errno of the first failure to write such a file */
	bool bare_cr;	   /* a CR without LF was in it */
	str text;	   /* the command so far */

	bool over; /* the command is not carried out, and words say why */
	char tail[40];
	size_t tail_n; /* of the current line */
	size_t dropped;
} imap_reader;

/* A command of at most `max` octets. Owns its text; the file descriptors that literal() gave are not its own. */
imap_reader imap_reader_new(in *, out *, size_t max);
void imap_reader_free(imap_reader *);
/* *command without its line end; lives until the next call. */
enum imap_read imap_read_command(imap_reader *, span *command);
/* One line by itself, as AUTHENTICATE and IDLE ask for: without its line end, at most `limit` octets, else BAD. */
enum imap_read imap_read_line(imap_reader *, size_t limit, span *line);

#endif
