/* From a destination to a connection that takes the message. Private to this folder. */
#ifndef SMTP_REACH_H
#define SMTP_REACH_H

#include "smtp/relay.h"

/* Tries the next hops of `dest` in order, of each its hosts and addresses, until nobody is left without outcome or all were
 * tried; *why is then the reason that counts. */
void relay_reach(relay *, span dest, const relay_mail *, status *why);

/* In relay.c: what can be sent over the connection that is up; recipients to be tried again stay without outcome. */
void relay_session(relay *, span dest, const relay_mail *);
bool relay_pending(const relay_mail *);

#endif
