/* Buffered input from a descriptor. The buffer's size is the longest line; it is an argument, as are
 * the two deadlines. Nothing here grows. */
#ifndef IO_IN_H
#define IO_IN_H

#include <sys/types.h>

#include "base/span.h"

enum in_result {
	IN_OK,
	IN_EOF,	    /* no octet left (a last line without LF is given as IN_OK first) */
	IN_LONG,    /* line longer than the limit; *line is the part that fits, the rest follows */
	IN_TIMEOUT, /* errno ETIMEDOUT */
	IN_ERROR,   /* errno set by read(2) */
};

/* Takes the place of read(2): what the octets of the descriptor mean (io/deflate.h). */
typedef struct in_filter {
	/* As read(2); -1 with EINTR where what was read gave no octet yet. */
	ssize_t (*read)(struct in_filter *, int fd, void *to, size_t room);
	bool (*ready)(const struct in_filter *); /* it has octets that need no read */
} in_filter;

typedef struct in {
	int fd;
	char *buf;	/* owned */
	size_t size;	/* octets of buf: the longest line that can be asked for */
	size_t at, end; /* unread octets are buf[at, end) */
	bool eof;
	int idle_ms;	  /* longest wait for one read; 0: for ever */
	int64_t deadline; /* of clock_ms(), for all reads together; 0: none */
	void (*before_wait)(
	    void *); /* called before a read that may block: flush the replies here */
	void *before_wait_arg;
	bool timer; /* the socket itself has a time-out (SO_RCVTIMEO): no poll before a read */
	int *
	    passed; /* where set: a descriptor that comes along (SCM_RIGHTS) is put here, O_CLOEXEC,
			     owned by the caller; *passed is -1 before; a second one is closed */
	in_filter *filter; /* NULL: none; not owned */
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
/* Whether something can be had without a wait for the descriptor. */
bool in_ready(const in *);

#endif
