/* A message behind +OK. */
#ifndef POP3_SEND_H
#define POP3_SEND_H

#include "io/out.h"
#include "pop3/wire.h"

/* `front` and what follows in the file from its offset on, or with `top` as much as that wants, in pieces, with the final
 * dot. False with errno where it could not be read to its end: the client must not take what it has for a whole message, so
 * the session must end without a word. */
bool pop3_send(out *, span front, int fd, pop3_top *top);

#endif
