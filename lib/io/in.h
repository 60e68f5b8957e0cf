/* Buffered input from a descriptor. The buffer's size is the longest line; it is an argument, as are
 * the two deadlines. Nothing here grows. */
#ifndef IO_IN_H
#define IO_IN_H

#include "base/span.h"

enum in_result {
	IN_OK,
	IN_EOF,     /* no octet left (a last line without LF is given as IN_OK first) */
	IN_LONG,    /* line longer than the limit; *line is the part that fits, the rest follows */
	IN_TIMEOUT, /* errno ETIMEDOUT */
	IN_ERROR,   /* errno set by read(2) */
};

typedef struct in {
	int fd;
	char *buf;        /* owned */
	size_t size;      /* octets of buf: the longest line that can be asked for */
	size_t at, end;   /* unread octets are buf[at, end) */
	bool eof;
	int idle_ms;      /* longest wait for one read; 0: for ever */
	int64_t deadline; /* of clock_ms(), for all reads together; 0: none */
	void (*before_wait)(void *); /* called before a read that may block: flush the replies here */
	void *before_wait_arg;
	bool timer;       /* the socket itself has a time-out (SO_RCVTIMEO): no poll before a read */
	int *passed;      /* where set: a descriptor that comes along (SCM_RIGHTS) is put here, O_CLOEXEC,
			     owned by the caller; *passed is -1 before; a second one is closed */
} in;

void in_open(in *, int fd, size_t size);
void in_close(in *); /* frees the buffer; the descriptor stays the caller's */
/* The same buffer on another descriptor; what was buffered is dropped. */
void in_reset(in *, int fd);

/* The next line, its LF included (the last one may lack it), at most `limit` octets (<= size). The span
 * lives until the next call. After IN_LONG the next call goes on in the same line. */
enum in_result in_line(in *, size_t limit, span *line);
/* At least one octet, as many as are buffered (or one read gives), not consumed. */
enum in_result in_peek(in *, span *octets);
void in_skip(in *, size_t n); /* consumes n of the peeked octets */
/* Exactly n octets into dst; IN_EOF where the stream ends before. */
enum in_result in_exact(in *, void *dst, size_t n);
/* Puts octets into an empty buffer, as if they had been read; false where they do not fit. */
bool in_give(in *, span octets);
/* Octets that are buffered and not yet read: whether a reply can wait (RFC 2920, 3.1). */
size_t in_buffered(const in *);

#endif
