/* Addresses of a submission without a domain (RFC 6409, 8: a user's program may leave it to us). Pure. */
#ifndef SMTP_QUALIFY_H
#define SMTP_QUALIFY_H

#include "base/arena.h"

/* The argument of MAIL or RCPT: "FROM:<alice> SIZE=1" becomes "FROM:<alice@DOMAIN> SIZE=1". All that is not exactly that
 * (with a domain, <>, <postmaster>, malformed) comes back as it is. */
span qualify(span args, span domain, arena *);

#endif
