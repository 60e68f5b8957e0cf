/* Buffered output to a descriptor. An error is sticky: callers write on and ask once, at the end. */
#ifndef IO_OUT_H
#define IO_OUT_H

#include "base/span.h"

/* Stands before write(2): what the octets become on the descriptor (io/deflate.h). */
typedef struct out_filter {
	/* Takes the octets in and gives a piece of what they become, "" where there is nothing more; `flush`: all that was
	 * taken in until now must have come out by then. *from is advanced; the piece lives until the next call. */
	span (*next)(struct out_filter *, span *from, bool flush);
} out_filter;

typedef struct out {
	int fd;
	char *buf;   /* owned */
	size_t size; /* octets of buf */
	size_t n;    /* octets that wait in buf */
	int error;   /* errno of the first failure; 0: none. After it nothing more is written */
	int idle_ms; /* longest wait for one write; 0: for ever */
	int64_t deadline;   /* of clock_ms(); 0: none */
	out_filter *filter; /* NULL: none; not owned */
} out;

void out_open(out *, int fd, size_t size);
void out_close(out *); /* frees the buffer, does not flush; the descriptor stays the caller's */
void out_reset(out *, int fd);

void out_put(out *, span); /* larger pieces than the buffer are written through */
void out_puts(out *, const char *cstr);
void out_putc(out *, char);
void out_putu(out *, uint64_t); /* decimal */
void out_printf(out *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool out_flush(out *); /* false where any write since the start failed; errno is then that error */

/* write(2) until all is written; false with errno set. No buffer, no deadline. */
bool write_all(int fd, span octets);

#endif
