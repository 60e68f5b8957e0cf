/* The Sender Rewriting Scheme: who forwards mail sends it on in his own name, so that SPF holds at the next host, and bounces
 * come back through him:
 *
 *     SRS0=HASH=DAY=DOMAIN=LOCAL@OURS            for LOCAL@DOMAIN
 *     SRS1=HASH=HOST=REST@OURS                   for SRS0REST@HOST, and for what others wrapped so
 *
 * HASH keeps strangers from sending anywhere through us; it and DAY (two digits of base 32) bear a change of case.
 * Pure. */
#ifndef RESOLVE_SRS_H
#define RESOLVE_SRS_H

#include "base/siphash.h"
#include "mail/addr.h"

enum { SRS_DAYS = 21 /* a bounce may come so late */ };

/* Appends the local part. False where it would be longer than one may be: then the sender stays as he is. */
bool srs_wrap(const siphash_key *, const addr *sender, int64_t day, str *local);
/* The address in a local part; false where it is none of ours, or too old. */
bool srs_unwrap(const siphash_key *, span local, int64_t day, arena *, addr *to);

#endif
