/* A reply as a client reads it (RFC 5321, 4.2): one code, one or more lines. Fed with the pieces
 * that in_line() gives, so a line may come in several; what is kept is bounded, what is read is
 * counted. */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include "base/status.h"
#include "base/str.h"

enum {
	REPLY_LINES_MAX = 100, /* lines kept; later ones are read and dropped */
	REPLY_TEXT_MAX = 8192, /* octets kept */
	REPLY_LINE_KEPT = 512, /* octets of one line that are kept (RFC 5321, 4.5.3.1.5) */
	REPLY_OCTETS_MAX =
	    1 << 18, /* a reply longer than this is REPLY_BAD: the peer is no SMTP server */
};

enum reply_result {
	REPLY_MORE, /* the reply goes on */
	REPLY_DONE, /* complete */
	REPLY_BAD,  /* not a reply, codes that differ, or too long: the connection is of no use any
		       more */
};

typedef struct reply {
	int code;      /* 200 to 599; 0 before the first line */
	str text;      /* the lines without code and line end, parted by LF */
	size_t lines;  /* read so far, counted up to REPLY_LINES_MAX + 1 */
	size_t octets; /* read so far */
	size_t kept;   /* octets of the current line in `text` */
	bool inside;   /* the last piece did not end its line */
	bool last;     /* the current line is the last */
} reply;

void reply_init(reply *); /* owns memory: reply_free() */
void reply_free(reply *);
void reply_clear(reply *); /* before the next reply */

/* One piece: a line with its LF, or a part of one (the rest follows). */
enum reply_result reply_feed(reply *, span piece);

/* Line number i (0 the first) without code; "" behind the last. Lives until the next feed. */
span reply_text_line(const reply *, size_t i);
/* Code, enhanced code and words as a status, the lines joined by a blank. The enhanced code that
 * starts every line (RFC 2034, 4) is left out of all but the first. */
status reply_status(const reply *);

#endif
