/* Records between a talker and its keeper: one type octet, a length of four octets (network order),
 * the payload. Over a stream socket; both sides bound what they accept before they read it. */
#ifndef IO_FRAME_H
#define IO_FRAME_H

#include "base/span.h"
#include "io/in.h"

enum { FRAME_HEAD = 5, FRAME_MAX = 1 << 20 };

/* One write(2) where the socket takes it. `parts` are joined to one payload, at most FRAME_MAX octets.
 * false with errno set (EMSGSIZE where it is too large). A dead peer is EPIPE, never a signal. */
bool frame_send(int fd, char type, const span *parts, size_t count);
/* The same behind an empty record of type `first` with which the descriptor `passed` goes along (in.passed of the reader): in one write, so that the reader wakes once. Without it where passed is -1. */
bool frame_send_behind(int fd, char first, int passed, char type, const span *parts, size_t count);

/* The next record, its payload in a buffer of the caller's (`room` octets, >= max): IN_LONG where the
 * peer announces more than max, IN_EOF only between records (IN_ERROR with EPROTO inside one). */
enum in_result frame_recv(in *, char *type, char *payload, size_t max, size_t *n);

/* Fields inside a payload: text, each ended by a NUL octet. false where there is none left. */
bool frame_field(span *payload, span *field);

#endif
